/** All training jobs, or those of one judge, live. */

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
import { follow } from '../api';
import { interval } from '../charts/proof';
import { useDebounced } from '../parts/debounce';
import { moment, NONE, percent, title, words } from '../parts/format';
import { Bar, Heading, Section, State, Table } from '../parts/look';
import { Pages, usePages } from '../parts/pages';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, Shown } from '../parts/shown';
import { OVER, STATUSES, TYPES } from './states';

export function JobsPage(): JSX.Element {
  return (
    <>
      <Heading title="Training jobs" />
      <Jobs />
    </>
  );
}

export function JobsOf({ judgeId }: { judgeId: string }): JSX.Element {
  return (
    <Section title="Training jobs">
      <Jobs judgeId={judgeId} />
    </Section>
  );
}

function Jobs({ judgeId }: { judgeId?: string }): JSX.Element {
  const [status, setStatus] = useState<TrainingJobStatus | 'RUNNING' | ''>('');
  const [type, setType] = useState<TrainingType | ''>('');
  const statuses = status === 'RUNNING' ? STATUSES.filter((one) => !OVER.includes(one)) : status ? [status] : undefined;
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
            <option value="RUNNING">not over</option>
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
      <Shown answer={answer} what="Jobs">
        {({ trainingJobs: page }) =>
          page.nodes.length ? (
            <>
              <Table
                caption="Training jobs, newest first"
                head={[
                  'Job',
                  ...(judgeId ? [] : ['Judge']),
                  'Status',
                  { text: 'Change of error, % of range [95 % interval]', number: true },
                  'Deployed',
                  'Created',
                ]}
              >
                {page.nodes.map((job) => (
                  <Row key={job.id} job={{ ...job, ...live.get(job.id) }} withJudge={!judgeId} />
                ))}
              </Table>
              <Pages pages={pages} info={page.pageInfo} shown={page.nodes.length} total={page.totalCount} what="job" />
            </>
          ) : (
            <Note title={status || type ? 'No such jobs.' : 'No training jobs yet.'}>
              {status || type
                ? 'Change the filter to see others.'
                : `${judgeId ? '“Train now” creates one' : 'Open a judge and train it'}: jobs are shown here, live.`}
            </Note>
          )
        }
      </Shown>
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
        {!OVER.includes(job.status) && (
          <span class="row tight">
            <Bar fraction={job.progress.fraction} label={`Progress of ${job.id}`} />
            <span class="number">{percent(job.progress.fraction)}</span>
          </span>
        )}
      </td>
      <td class="number">{interval(job.evidence?.maeChange ?? null, 100, 1)}</td>
      <td>{job.deployment ? (job.deployment.deployed ? 'yes' : 'no') : NONE}</td>
      <td>{moment(job.createdAt)}</td>
    </tr>
  );
}

type LiveJob = TrainingJobActivitySubscription['trainingJobActivity']['trainingJob'];

/** What is newer than the list, by job; `turned` is called whenever a job's row needs to be read anew. */
function useActivity(judgeId: string | undefined, turned: () => void): ReadonlyMap<string, LiveJob> {
  const [jobs, setJobs] = useState<ReadonlyMap<string, LiveJob>>(new Map());
  const cursor = useRef<string | null>(null);
  useEffect(() => {
    cursor.current = null;
    return follow(TrainingJobActivityDocument, () => ({ judgeId: judgeId ?? null, after: cursor.current }), {
      next({ trainingJobActivity: update }) {
        cursor.current = update.cursor;
        setJobs((old) => new Map(old).set(update.trainingJob.id, update.trainingJob));
        if (update.event.__typename !== 'EpochCompleted') turned();
      },
      failed: turned,
    });
  }, [judgeId, turned]);
  return jobs;
}
