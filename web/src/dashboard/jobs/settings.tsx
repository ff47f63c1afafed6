import type { JSX } from 'preact';
import type { TrainingJobFieldsFragment } from '../../generated/graphql';
import { count, plural, dateTime, NONE, percent, points, dateSpan, words } from '../parts/format';
import { Section } from '../parts/elements';

/** Settings of the job, including those that the server chose. */
export function Settings({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  const { trainingConfig: config, executionOptions: options, feedbackDataSummary: feedback } = job;
  const defaultText = job.trainingType === 'VALIDATION' ? NONE : job.status === 'COMPLETED' ? 'none: trained until convergence' : 'chosen by the server';
  const rows: [string, string][] = [
    [
      'Feedback at creation',
      `${plural(feedback.totalFeedbackCount, 'item')}: ${plural(feedback.correctionCount, 'correction')}, ${plural(feedback.ratingCount, 'rating')}; ` +
        dateSpan(feedback.dateRange),
    ],
    ['Usable items required', count(config.minimumFeedbackCount)],
    ['Feedback given since', config.feedbackCutoffDate ? dateTime(config.feedbackCutoffDate) : 'the beginning'],
    ['Criteria', config.targetCriteria.map((criterion) => criterion.name).join(', ') || 'all'],
    ['Held out for the proof', config.validationSplit === null ? 'out of fold, all data' : percent(config.validationSplit)],
    ['Learning rate', config.learningRate === null ? defaultText : points(config.learningRate)],
    ['Maximum epochs', config.maxEpochs === null ? defaultText : count(config.maxEpochs)],
    ['Early stopping', config.earlyStopping === null ? defaultText : config.earlyStopping ? 'yes' : 'no'],
    ['Seed', String(config.seed)],
    ['Base version', job.baseVersion ? `version ${job.baseVersion.number}` : 'raw scores'],
    ['Automatic deployment', options.autoDeploy ? 'if proven better' : 'no'],
    ['Priority', words(options.priority)],
    ['Created', `${dateTime(job.createdAt)} by ${job.createdBy.name}`],
  ];
  return (
    <Section title="Settings">
      <dl class="pairs">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
