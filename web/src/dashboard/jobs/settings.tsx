import type { JSX } from 'preact';
import type { TrainingJobFieldsFragment } from '../../generated/graphql';
import { count, many, moment, NONE, percent, points, span, words } from '../parts/format';
import { Section } from '../parts/look';

/** What was asked for, and what was chosen where nothing was. */
export function Settings({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  const { trainingConfig: config, executionOptions: options, feedbackDataSummary: feedback } = job;
  const open = job.trainingType === 'VALIDATION' ? NONE : job.status === 'COMPLETED' ? 'none, it learned until it converged' : 'left to the server';
  const rows: [string, string][] = [
    [
      'Feedback it started from',
      `${many(feedback.totalFeedbackCount, 'item')}: ${many(feedback.correctionCount, 'correction')}, ${many(feedback.ratingCount, 'rating')}; ` +
        span(feedback.dateRange),
    ],
    ['Usable items required', count(config.minimumFeedbackCount)],
    ['Feedback given since', config.feedbackCutoffDate ? moment(config.feedbackCutoffDate) : 'the beginning'],
    ['Criteria', config.targetCriteria.map((criterion) => criterion.name).join(', ') || 'all'],
    ['Held out for the proof', config.validationSplit === null ? 'out of fold, over everything' : percent(config.validationSplit)],
    ['Learning rate', config.learningRate === null ? open : points(config.learningRate)],
    ['Epochs at most', config.maxEpochs === null ? open : count(config.maxEpochs)],
    ['Early stopping', config.earlyStopping === null ? open : config.earlyStopping ? 'yes' : 'no'],
    ['Seed', String(config.seed)],
    ['Went on from', job.baseVersion ? `version ${job.baseVersion.number}` : 'raw scores'],
    ['Deploys by itself', options.autoDeploy ? 'if proven better' : 'no'],
    ['Priority', words(options.priority)],
    ['Created', `${moment(job.createdAt)} by ${job.createdBy.name}`],
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
