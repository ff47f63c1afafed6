/** Page of one job: status, training progress, proof, events and actions. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { TrainingJobDocument, type TrainingJobFieldsFragment } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { useDebounced } from '../parts/debounce';
import { count, duration, plural, dateTime, NONE, percent, title, words } from '../parts/format';
import { Bar, Heading, Section, State, Table } from '../parts/elements';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';
import { JobActions } from './actions';
import { Events } from './events';
import { type Epoch, type Live, useLive } from './live';
import { Proof } from './proof';
import { Settings } from './settings';
import { EPOCHS_EXPECTED, ENDED, PATH } from './states';

export function JobPage({ id }: { id: string }): JSX.Element {
  const answer = useQuery(TrainingJobDocument, { id });
  const live = useLive(id, useDebounced(answer.reload, 150));
  return (
    <QueryView answer={answer} label="The job" heading="Training job">
      {({ trainingJob: job }) =>
        job ? (
          <Job job={{ ...job, ...live.job }} live={live} reload={answer.reload} />
        ) : (
          <>
            <Heading title="Job not found" />
            <Note title={`Your workspace has no job ${id}.`}>
              <a href={to('jobs')}>All jobs</a>
            </Note>
          </>
        )
      }
    </QueryView>
  );
}

function Job({ job, live, reload }: { job: TrainingJobFieldsFragment; live: Live; reload: () => void }): JSX.Element {
  return (
    <>
      <Heading title={`${title(job.trainingType)} of ${job.judge.name}`} above={<Breadcrumb job={job} />}>
        <JobActions job={job} reload={reload} />
      </Heading>
      <StatusLine job={job} live={live} />
      {job.error && (
        <div class="note bad">
          <strong>{`The job failed: ${job.error.message}`}</strong> <span class="id">{job.error.code}</span>
        </div>
      )}
      {live.problem && (
        <div class="note warn" role="alert">{`No live updates: ${live.problem.message}`}</div>
      )}
      {(live.epochs.length > 0 || (EPOCHS_EXPECTED.includes(job.status) && job.trainingType !== 'VALIDATION')) && <TrainingCharts epochs={live.epochs} />}
      <Proof job={job} />
      <Events events={live.events} />
      <Notifications job={job} />
      <Settings job={job} />
    </>
  );
}

function Breadcrumb({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  return (
    <>
      <a href={to('judges', job.judge.id)}>{job.judge.name}</a> / <span class="id">{job.id}</span>
      {job.retryOf && (
        <>
          {' · retry of '}
          <a href={to('jobs', job.retryOf.id)}>an earlier job</a>
        </>
      )}
    </>
  );
}

function StatusLine({ job, live }: { job: TrainingJobFieldsFragment; live: Live }): JSX.Element {
  const passedStatuses = live.events.flatMap((event) => (event.__typename === 'StatusChanged' ? [event.to] : []));
  const ended = ENDED.includes(job.status);
  const steps = ended ? [...PATH.filter((step) => passedStatuses.includes(step) && step !== job.status), job.status] : PATH;
  return (
    <div class="stateline">
      <ol aria-label="Statuses of the job">
        {steps.map((step) => (
          <li key={step} class={step === job.status ? 'now' : passedStatuses.includes(step) ? 'passed' : 'ahead'} aria-current={step === job.status ? 'step' : undefined}>
            {step === job.status ? <State of={step} /> : words(step)}
          </li>
        ))}
      </ol>
      <div class="row tight">
        <Bar fraction={job.progress.fraction} label="Progress of the job" />
        <span class="number">{percent(job.progress.fraction)}</span>
        <span class="hint" data-testid="time">
          <TimeLeft job={job} />
        </span>
      </div>
    </div>
  );
}

function TimeLeft({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  const ended = ENDED.includes(job.status);
  useEffect(() => {
    if (ended) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ended]);
  return <>{describeTime(job, now)}</>;
}

function describeTime(job: TrainingJobFieldsFragment, now: number): string {
  const { startedAt, finishedAt, progress } = job;
  const attempt = job.attempt > 1 ? `, attempt ${job.attempt} of 3` : '';
  const seconds = (from: string, until: number) => Math.max(0, until - Date.parse(from)) / 1000;
  if (finishedAt) return `${startedAt ? `took ${duration(seconds(startedAt, Date.parse(finishedAt)))}, ` : ''}ended ${dateTime(finishedAt)}${attempt}`;
  const epoch = progress.epoch === null ? '' : `epoch ${count(progress.epoch)}${progress.maxEpochs ? ` of at most ${count(progress.maxEpochs)}` : ''}, `;
  if (!startedAt) return job.estimatedDuration ? `expected to take about ${plural(job.estimatedDuration, 'minute')}` : 'waiting in the queue';
  const elapsed = seconds(startedAt, now);
  if (progress.fraction < 0.05) return `${epoch}running for ${duration(elapsed)}${attempt}`;
  return `${epoch}about ${duration((elapsed * (1 - progress.fraction)) / progress.fraction)} left${attempt}`;
}

function TrainingCharts({ epochs }: { epochs: Epoch[] }): JSX.Element {
  const x = epochs.map((epoch) => epoch.epoch);
  const validated = epochs.some((epoch) => epoch.validationLoss !== null);
  const measured = !epochs.length || epochs.some((epoch) => epoch.meanAbsoluteError !== null);
  return (
    <Section title="Training progress" note="Each epoch is one training step, measured against each rater’s own scores. The proof uses the raters’ mean, on items that were not used for training. Smaller is better in both charts.">
      <div class="charts">
        <LineChart
          title="Loss"
          xName="epoch"
          x={x}
          digits={3}
          lines={[
            { name: 'training data', tone: 'before', values: epochs.map((epoch) => epoch.loss) },
            ...(validated ? [{ name: 'validation data', tone: 'after' as const, values: epochs.map((epoch) => epoch.validationLoss) }] : []),
          ]}
        />
        {measured && (
          <LineChart
            title="Mean absolute error against people, % of the range"
            xName="epoch"
            x={x}
            digits={1}
            unit="%"
            lines={[
              {
                name: 'mean absolute error',
                tone: 'after',
                values: epochs.map((epoch) => (epoch.meanAbsoluteError === null ? null : epoch.meanAbsoluteError * 100)),
              },
            ]}
          />
        )}
      </div>
    </Section>
  );
}

function Notifications({ job }: { job: TrainingJobFieldsFragment }): JSX.Element | null {
  const { notificationEmail: email, webhookUrl: webhook } = job.executionOptions;
  if (!job.notifications.length && !email && !webhook) return null;
  return (
    <Section title="Notifications">
      {job.notifications.length ? (
        <Table caption="Notifications about the end of the job" head={['Channel', 'Target', 'Status', { text: 'Attempts', number: true }, 'Last error']}>
          {job.notifications.map((message) => (
            <tr key={`${message.deliveryChannel} ${message.target}`}>
              <th scope="row">{words(message.deliveryChannel)}</th>
              <td class="text">{message.target}</td>
              <td>{words(message.deliveryStatus)}</td>
              <td class="number">{count(message.attempts)}</td>
              <td class="text">{message.lastError ?? NONE}</td>
            </tr>
          ))}
        </Table>
      ) : (
        <p class="hint">{`${[email, webhook].filter(Boolean).join(' and ')} will be notified when the job ends.`}</p>
      )}
    </Section>
  );
}
