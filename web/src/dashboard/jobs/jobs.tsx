/** Live list of all training jobs, or of those of one judge. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  TrainingJobActivityDocument,
  TrainingJobsDocument,
  type TrainingJobActivitySubscription,
  type TrainingJobFilter,
  type TrainingJobRowFieldsFragment,
  type TrainingJobStatus,
  type TrainingType,
} from '../../generated/graphql';
import { subscribe } from '../api';
import { interval } from '../charts/proof';
import { useDebounced } from '../parts/debounce';
import { dateTime, NONE, percent, title, words } from '../parts/format';
import { Bar, Heading, Section, State, Table } from '../parts/elements';
import { Pages, usePages } from '../parts/pages';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';
import { ENDED, STATUSES, TYPES } from './states';

export function JobsPage(): JSX.Element {
  return (
    <>
      <Heading title="Training jobs" />
      <Jobs />
    </>
  );
}

export function JudgeJobs({ judgeId }: { judgeId: string }): JSX.Element {
  return (
    <Section title="Training jobs">
      <Jobs judgeId={judgeId} />
    </Section>
  );
}

function Jobs({ judgeId }: { judgeId?: string }): JSX.Element {
  const [status, setStatus] = useState<TrainingJobStatus | 'RUNNING' | ''>('');
  const [type, setType] = useState<TrainingType | ''>('');
  const statuses = status === 'RUNNING' ? STATUSES.filter((one) => !ENDED.includes(one)) : status ? [status] : undefined;
  const filter: TrainingJobFilter = {
    ...(judgeId && { judgeId }),
    ...(statuses && { statuses }),
    ...(type && { trainingTypes: [type] }),
  };
  const pages = usePages(JSON.stringify(filter));
  const answer = useQuery(TrainingJobsDocument, { first: 20, after: pages.after, filter });
  const live = useActivity(judgeId, useDebounced(answer.reload, 400));
  return (
    <>
      <div class="row filters">
        <label>
          <span>Status</span>
          <select value={status} onChange={(event) => setStatus(event.currentTarget.value as typeof status)}>
            <option value="">all</option>
            <option value="RUNNING">not finished</option>
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {words(one)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Type</span>
          <select value={type} onChange={(event) => setType(event.currentTarget.value as typeof type)}>
            <option value="">all</option>
            {TYPES.map((one) => (
              <option key={one} value={one}>
                {words(one)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <QueryView answer={answer} label="Jobs">
        {({ trainingJobs: page }) =>
          page.nodes.length ? (
            <>
              <Table
                caption="Training jobs, newest first"
                head={[
                  'Job',
                  ...(judgeId ? [] : ['Judge']),
                  'Status',
                  { text: 'Change in error, % of range [95% interval]', number: true },
                  'Deployed',
                  'Created',
                ]}
              >
                {page.nodes.map((job) => (
                  <Row key={job.id} job={{ ...job, ...live.get(job.id) }} withJudge={!judgeId} />
                ))}
              </Table>
              <Pages pages={pages} info={page.pageInfo} shown={page.nodes.length} total={page.totalCount} noun="job" />
            </>
          ) : (
            <Note title={status || type ? 'No jobs match the filter.' : 'No training jobs yet.'}>
              {status || type
                ? 'Change the filter to see others.'
                : judgeId
                  ? '“Train now” creates a job. Its progress is shown here.'
                  : 'Open a judge and train it. Jobs and their progress are shown here.'}
            </Note>
          )
        }
      </QueryView>
    </>
  );
}

function Row({ job, withJudge }: { job: TrainingJobRowFieldsFragment; withJudge: boolean }): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <a href={to('jobs', job.id)}>{title(job.trainingType)}</a> <span class="id">{job.id}</span>
      </th>
      {withJudge && (
        <td class="text">
          <a class="name-in-row" title={job.judge.name} href={to('judges', job.judge.id)}>
            {job.judge.name}
          </a>
        </td>
      )}
      <td>
        <State of={job.status} />
        {!ENDED.includes(job.status) && (
          <span class="row tight">
            <Bar fraction={job.progress.fraction} label={`Progress of ${job.id}`} />
            <span class="number">{percent(job.progress.fraction)}</span>
          </span>
        )}
      </td>
      <td class="number">{interval(job.evidence?.maeChange ?? null, 100, 1)}</td>
      <td>{job.deployment ? (job.deployment.deployed ? 'yes' : 'no') : NONE}</td>
      <td>{dateTime(job.createdAt)}</td>
    </tr>
  );
}

type LiveJob = TrainingJobActivitySubscription['trainingJobActivity']['trainingJob'];

/** Return live updates by job id. `onChange` is called whenever the list must be loaded again. */
function useActivity(judgeId: string | undefined, onChange: () => void): ReadonlyMap<string, LiveJob> {
  const [jobs, setJobs] = useState<ReadonlyMap<string, LiveJob>>(new Map());
  const cursor = useRef<string | null>(null);
  useEffect(() => {
    cursor.current = null;
    return subscribe(TrainingJobActivityDocument, () => ({ judgeId: judgeId ?? null, after: cursor.current }), {
      next({ trainingJobActivity: update }) {
        cursor.current = update.cursor;
        setJobs((old) => new Map(old).set(update.trainingJob.id, update.trainingJob));
        if (update.event.__typename !== 'EpochCompleted') onChange();
      },
      failed: onChange,
    });
  }, [judgeId, onChange]);
  return jobs;
}
