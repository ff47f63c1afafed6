import type { JSX } from 'preact';
import type { TrainingJobFieldsFragment } from '../../generated/graphql';
import { count, day, decimal, many, moment, NONE, percent, words } from '../parts/format';
import { Section } from '../parts/look';

/** What was asked for, and what was chosen where nothing was. */
export function Settings({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  const { trainingConfig: config, executionOptions: options, feedbackDataSummary: feedback } = job;
  const rows: [string, string][] = [
    [
      'Feedback it started from',
      `${many(feedback.totalFeedbackCount, 'item')}: ${many(feedback.correctionCount, 'correction')}, ${many(feedback.ratingCount, 'rating')}; ` +
        `${day(feedback.dateRange.earliest)} to ${day(feedback.dateRange.latest)}`,
    ],
    ['Usable items required', count(config.minimumFeedbackCount)],
    ['Feedback given since', config.feedbackCutoffDate ? moment(config.feedbackCutoffDate) : 'the beginning'],
    ['Criteria', config.targetCriteria.map((criterion) => criterion.name).join(', ') || 'all'],
    ['Held out for the proof', config.validationSplit === null ? 'out of fold, over everything' : percent(config.validationSplit)],
    ['Learning rate', config.learningRate === null ? NONE : decimal(config.learningRate, 3)],
    ['Epochs at most', config.maxEpochs === null ? NONE : count(config.maxEpochs)],
    ['Early stopping', config.earlyStopping === null ? NONE : config.earlyStopping ? 'yes' : 'no'],
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
