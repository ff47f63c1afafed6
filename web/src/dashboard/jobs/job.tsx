/** One job: where it stands, how it learns, what it proved, and what can be done about it. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { TrainingJobDocument, type TrainingJobFieldsFragment } from '../../generated/graphql';
import { LineChart } from '../charts/line';
import { useDebounced } from '../parts/debounce';
import { duration, many, moment, NONE, percent, title, words } from '../parts/format';
import { Bar, Heading, Section, State, Table } from '../parts/look';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, Shown } from '../parts/shown';
import { JobActions } from './actions';
import { Events } from './events';
import { type Epoch, type Live, useLive } from './live';
import { Proof } from './proof';
import { Settings } from './settings';
import { LEARNS, OVER, PATH } from './states';

export function JobPage({ id }: { id: string }): JSX.Element {
  const answer = useQuery(TrainingJobDocument, { id });
  const live = useLive(id, useDebounced(answer.reload, 150));
  return (
    <Shown answer={answer} what="The job" heading="Training job">
      {({ trainingJob: job }) =>
        job ? (
          <Job job={{ ...job, ...live.job }} live={live} reload={answer.reload} />
        ) : (
          <>
            <Heading title="No such job" />
            <Note title={`There is no job ${id}, at least not in your workspace.`}>
              <a href={to('jobs')}>All jobs</a>
            </Note>
          </>
        )
      }
    </Shown>
  );
}

function Job({ job, live, reload }: { job: TrainingJobFieldsFragment; live: Live; reload: () => void }): JSX.Element {
  return (
    <>
      <Heading title={`${title(job.trainingType)} of ${job.judge.name}`} above={<Above job={job} />}>
        <JobActions job={job} reload={reload} />
      </Heading>
      <StateLine job={job} live={live} />
      {job.error && (
        <div class="note bad">
          <strong>{`It failed: ${job.error.message}`}</strong> <span class="id">{job.error.code}</span>
        </div>
      )}
      {live.problem && (
        <div class="note warn" role="alert">{`No live updates: ${live.problem.message}`}</div>
      )}
      {(live.epochs.length > 0 || (LEARNS.includes(job.status) && job.trainingType !== 'VALIDATION')) && <Learning epochs={live.epochs} />}
      <Proof job={job} />
      <Events events={live.events} />
      <Notifications job={job} />
      <Settings job={job} />
    </>
  );
}

function Above({ job }: { job: TrainingJobFieldsFragment }): JSX.Element {
  return (
    <>
      <a href={to('judges', job.judge.id)}>{job.judge.name}</a> / <span class="id">{job.id}</span>
      {job.retryOf && (
        <>
          {' · tries '}
          <a href={to('jobs', job.retryOf.id)}>an earlier job</a> again
        </>
      )}
    </>
  );
}

function StateLine({ job, live }: { job: TrainingJobFieldsFragment; live: Live }): JSX.Element {
  const passed = live.events.flatMap((event) => (event.__typename === 'StatusChanged' ? [event.to] : []));
  const over = OVER.includes(job.status);
  const steps = over ? [...PATH.filter((step) => passed.includes(step) && step !== job.status), job.status] : PATH;
  return (
    <div class="stateline">
      <ol aria-label="States of the job">
        {steps.map((step) => (
          <li key={step} class={step === job.status ? 'now' : passed.includes(step) ? 'passed' : 'ahead'} aria-current={step === job.status ? 'step' : undefined}>
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
  const over = OVER.includes(job.status);
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [over]);
  return <>{timeOf(job, now)}</>;
}

function timeOf(job: TrainingJobFieldsFragment, now: number): string {
  const { startedAt, finishedAt, progress } = job;
  const attempt = job.attempt > 1 ? `, attempt ${job.attempt} of 3` : '';
  const seconds = (from: string, until: number) => Math.max(0, until - Date.parse(from)) / 1000;
  if (finishedAt) return `${startedAt ? `took ${duration(seconds(startedAt, Date.parse(finishedAt)))}, ` : ''}ended ${moment(finishedAt)}${attempt}`;
  const epoch = progress.epoch === null ? '' : `epoch ${progress.epoch}${progress.maxEpochs ? ` of at most ${progress.maxEpochs}` : ''}, `;
  if (!startedAt) return job.estimatedDuration ? `expected to take about ${many(job.estimatedDuration, 'minute')}` : 'waits for its turn';
  const elapsed = seconds(startedAt, now);
  if (progress.fraction < 0.05) return `${epoch}running for ${duration(elapsed)}${attempt}`;
  return `${epoch}about ${duration((elapsed * (1 - progress.fraction)) / progress.fraction)} left${attempt}`;
}

function Learning({ epochs }: { epochs: Epoch[] }): JSX.Element {
  const x = epochs.map((epoch) => epoch.epoch);
  const validated = epochs.some((epoch) => epoch.validationLoss !== null);
  const measured = !epochs.length || epochs.some((epoch) => epoch.meanAbsoluteError !== null);
  return (
    <Section title="Learning" note="Each epoch is one step of learning, measured against each person’s own scores; the proof measures against people’s mean, on what was not learned from. Smaller is better in both.">
      <div class="charts">
        <LineChart
          title="Loss"
          across="epoch"
          x={x}
          digits={3}
          lines={[
            { name: 'learned from', tone: 'before', values: epochs.map((epoch) => epoch.loss) },
            ...(validated ? [{ name: 'kept apart', tone: 'after' as const, values: epochs.map((epoch) => epoch.validationLoss) }] : []),
          ]}
        />
        {measured && (
          <LineChart
            title="Disagreement with people: mean absolute error, % of the range"
            across="epoch"
            x={x}
            digits={1}
            unit=" %"
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
        <Table caption="Messages about the end of the job" head={['Way', 'To', 'State', { text: 'Attempts', number: true }, 'Last error']}>
          {job.notifications.map((message) => (
            <tr key={`${message.channel} ${message.target}`}>
              <th scope="row">{words(message.channel)}</th>
              <td class="text">{message.target}</td>
              <td>{words(message.status)}</td>
              <td class="number">{message.attempts}</td>
              <td class="text">{message.lastError ?? NONE}</td>
            </tr>
          ))}
        </Table>
      ) : (
        <p class="hint">{`When the job is over, ${[email, webhook].filter(Boolean).join(' and ')} will be told.`}</p>
      )}
    </Section>
  );
}
