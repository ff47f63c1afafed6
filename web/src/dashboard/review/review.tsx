/** Page to review evaluations one by one, the most informative first. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { JudgeDocument, JudgeEvaluationsDocument, type JudgeFieldsFragment, RetractFeedbackDocument, SuggestEvaluationsToReviewDocument } from '../../generated/graphql';
import { execute } from '../api';
import { messageOf, showMessage } from '../parts/actions';
import { count, percent, plural } from '../parts/format';
import { Heading } from '../parts/elements';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, QueryView } from '../parts/query-view';
import { useHasRole } from '../parts/viewer';
import { EvaluationReview } from './evaluation';

const PAGE_SIZE = 20;

/** Evaluation in the queue, with the reason for its suggestion. */
interface QueueEntry {
  id: string;
  reason?: string;
}

export function ReviewPage({ judgeId, first }: { judgeId: string; first: string | undefined }): JSX.Element {
  const answer = useQuery(JudgeDocument, { id: judgeId });
  const may = useHasRole('ANNOTATOR');
  return (
    <QueryView answer={answer} label="The judge" heading="Review evaluations">
      {({ judge }) => (
        <>
          <Heading
            title="Review evaluations"
            above={
              <>
                <a href={to('judges')}>Judges</a> / <a href={to('judges', judgeId)}>{judge?.name ?? judgeId}</a>
              </>
            }
          />
          {!judge && <Note title={`Your workspace has no judge ${judgeId}.`} />}
          {judge && !may && <Note title="Your key is read-only.">Submitting feedback requires the role annotator or higher.</Note>}
          {judge && may && <Filter judge={judge} first={first} />}
        </>
      )}
    </QueryView>
  );
}

type Source = 'suggested' | 'without-feedback' | 'all';

/** Filter of the queue. A change starts a new queue. */
function Filter({ judge, first }: { judge: JudgeFieldsFragment; first: string | undefined }): JSX.Element {
  const [source, setSource] = useState<Source>(first ? 'all' : 'suggested');
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  return (
    <>
      <form
        class="row filters"
        onSubmit={(event) => {
          event.preventDefault();
          setSearch(typed.trim());
        }}
      >
        <label>
          <span>Show</span>
          <select value={source} onChange={(event) => setSource(event.currentTarget.value as Source)}>
            <option value="suggested">suggested evaluations</option>
            <option value="without-feedback">without feedback, newest first</option>
            <option value="all">all, newest first</option>
          </select>
        </label>
        {source !== 'suggested' && (
          <label>
            <span>Search words</span>
            <input type="search" maxLength={200} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        )}
      </form>
      {source === 'suggested' ? (
        <SuggestedEvaluations judge={judge} first={first} />
      ) : (
        <NewestEvaluations key={`${source} ${search}`} judge={judge} first={first} withoutFeedback={source === 'without-feedback'} search={search} />
      )}
    </>
  );
}

/** Return a queue that only grows: reviewed evaluations stay, and none appears twice. */
function useQueue(first: string | undefined, found: readonly QueueEntry[] | undefined): readonly QueueEntry[] {
  const [queue, setQueue] = useState<readonly QueueEntry[]>(first ? [{ id: first }] : []);
  useEffect(() => {
    if (found) setQueue((old) => [...old, ...found.filter((one) => !old.some((known) => known.id === one.id))]);
  }, [found]);
  return queue;
}

function SuggestedEvaluations({ judge, first }: { judge: JudgeFieldsFragment; first: string | undefined }): JSX.Element {
  const answer = useQuery(SuggestEvaluationsToReviewDocument, { judgeId: judge.id, first: PAGE_SIZE });
  const suggested = answer.data?.suggestEvaluationsToReview;
  const found = useMemo(
    () =>
      suggested?.map(({ evaluation, reason, gain }) => ({
        id: evaluation.id,
        reason: `${reason} Its label would reduce the mean uncertainty of all evaluations by ${percent(gain, 1)}.`,
      })),
    [suggested],
  );
  const queue = useQueue(first, found);
  return (
    <QueryView answer={answer} label="The review queue">
      {() =>
        queue.length || found?.length ? (
          <Queue judge={judge} queue={queue} more={answer.reload} />
        ) : (
          <Note title="There is nothing to review.">
            Every evaluation already has a correction, an approval or a high rating, or none is recorded yet. Choose “all” under “Show” to
            see every evaluation.
          </Note>
        )
      }
    </QueryView>
  );
}

function NewestEvaluations(properties: {
  judge: JudgeFieldsFragment;
  first: string | undefined;
  withoutFeedback: boolean;
  search: string;
}): JSX.Element {
  const { judge, first, withoutFeedback, search } = properties;
  const [after, setAfter] = useState<string | null>(null);
  const filter = { ...(withoutFeedback && { hasFeedback: false }), ...(search && { search }) };
  const answer = useQuery(JudgeEvaluationsDocument, { judgeId: judge.id, first: PAGE_SIZE, after, filter });
  const page = answer.data?.judge?.evaluations;
  const queue = useQueue(first, page?.nodes);
  const more = () => {
    if (page?.pageInfo.hasNextPage) setAfter(page.pageInfo.endCursor);
    else answer.reload();
  };
  if (!queue.length)
    return (
      <QueryView answer={answer} label="The review queue">
        {() =>
          page?.nodes.length ? null : (
            <Note title="No evaluations match.">
              {withoutFeedback || search ? 'Change the filter above.' : 'Record them with the mutation recordEvaluations or judgesmith import.'}
            </Note>
          )
        }
      </QueryView>
    );
  return <Queue judge={judge} queue={queue} more={more} />;
}

function Queue({ judge, queue, more }: { judge: JudgeFieldsFragment; queue: readonly QueueEntry[]; more: () => void }): JSX.Element {
  const [place, setPlace] = useState(0);
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const current = queue[place];
  const next = () => setPlace((old) => Math.min(old + 1, queue.length));
  const [last, setLast] = useState<{ feedbackId: string; evaluationId: string }>();
  async function retractLast(): Promise<void> {
    if (!last) return;
    const reason = 'Retracted while reviewing.';
    const { retractFeedback: answer } = await execute(RetractFeedbackDocument, { input: { feedbackId: last.feedbackId, reason } });
    showMessage(answer.userErrors[0]?.message ?? 'Feedback retracted.');
    if (answer.userErrors.length) return;
    setDone((old) => new Set([...old].filter((id) => id !== last.evaluationId)));
    setPlace(queue.findIndex((one) => one.id === last.evaluationId));
    setLast(undefined);
  }
  const undo = last && {
    label: 'Retract last feedback',
    action: () => void retractLast().catch((problem: unknown) => showMessage(messageOf(problem))),
  };
  if (!current)
    return (
      <div class="note">
        <strong>{`End of the queue: ${plural(queue.length, 'evaluation')}.`}</strong>
        <p>{`Feedback was given on ${plural(done.size, 'evaluation')}. Thank you.`}</p>
        <div class="row">
          <button type="button" class="primary" onClick={more}>
            Load more
          </button>
          <button type="button" onClick={() => setPlace(0)}>
            Review them again
          </button>
          {undo && (
            <button type="button" onClick={undo.action}>
              {undo.label}
            </button>
          )}
          <a href={to('judges', judge.id)}>Back to the judge</a>
        </div>
      </div>
    );
  return (
    <EvaluationReview
      key={current.id}
      id={current.id}
      judge={judge}
      position={`${count(place + 1)} of ${count(queue.length)}${done.has(current.id) ? ', feedback given' : ''}`}
      reason={current.reason}
      onSubmitted={(feedbackId) => {
        setDone((old) => new Set(old).add(current.id));
        setLast({ feedbackId, evaluationId: current.id });
      }}
      undo={undo}
      next={next}
      back={() => setPlace((old) => Math.max(0, old - 1))}
    />
  );
}
