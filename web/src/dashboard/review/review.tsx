/** Going through evaluations one by one: those that teach most first. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { JudgeDocument, JudgeEvaluationsDocument, type JudgeFieldsFragment, RetractFeedbackDocument, SuggestEvaluationsToReviewDocument } from '../../generated/graphql';
import { ask } from '../api';
import { say } from '../parts/actions';
import { many, percent } from '../parts/format';
import { Heading } from '../parts/look';
import { useQuery } from '../parts/query';
import { to } from '../parts/router';
import { Note, Shown } from '../parts/shown';
import { useMay } from '../parts/viewer';
import { Item } from './item';

const AT_ONCE = 20;

/** An evaluation in the queue, and why it is there. */
interface Waiting {
  id: string;
  why?: string;
}

export function ReviewPage({ judgeId, first }: { judgeId: string; first: string | undefined }): JSX.Element {
  const answer = useQuery(JudgeDocument, { id: judgeId });
  const may = useMay('ANNOTATOR');
  return (
    <Shown answer={answer} what="The judge" heading="Review evaluations">
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
          {!judge && <Note title={`There is no judge ${judgeId}, at least not in your workspace.`} />}
          {judge && !may && <Note title="Your key only reads.">Giving feedback takes a key of the role annotator or higher.</Note>}
          {judge && may && <Queue judge={judge} first={first} />}
        </>
      )}
    </Shown>
  );
}

type Source = 'teaching' | 'fresh' | 'all';

/** Which evaluations to go through; a change begins a queue of its own. */
function Queue({ judge, first }: { judge: JudgeFieldsFragment; first: string | undefined }): JSX.Element {
  const [source, setSource] = useState<Source>(first ? 'all' : 'teaching');
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
            <option value="teaching">those that would teach most</option>
            <option value="fresh">those without feedback, newest first</option>
            <option value="all">all, newest first</option>
          </select>
        </label>
        {source !== 'teaching' && (
          <label>
            <span>with the words</span>
            <input type="search" maxLength={200} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        )}
      </form>
      {source === 'teaching' ? (
        <Teaching judge={judge} first={first} />
      ) : (
        <Newest key={`${source} ${search}`} judge={judge} first={first} fresh={source === 'fresh'} search={search} />
      )}
    </>
  );
}

/** A queue that only grows: what the person went through stays, and nothing comes twice. */
function useQueue(first: string | undefined, found: readonly Waiting[] | undefined): readonly Waiting[] {
  const [queue, setQueue] = useState<readonly Waiting[]>(first ? [{ id: first }] : []);
  useEffect(() => {
    if (found) setQueue((old) => [...old, ...found.filter((one) => !old.some((known) => known.id === one.id))]);
  }, [found]);
  return queue;
}

function Teaching({ judge, first }: { judge: JudgeFieldsFragment; first: string | undefined }): JSX.Element {
  const answer = useQuery(SuggestEvaluationsToReviewDocument, { judgeId: judge.id, first: AT_ONCE });
  const suggested = answer.data?.suggestEvaluationsToReview;
  const found = useMemo(
    () =>
      suggested?.map(({ evaluation, reason, gain }) => ({
        id: evaluation.id,
        why: `${reason} It would lessen the doubt about all of them by ${percent(gain, 1)}.`,
      })),
    [suggested],
  );
  const queue = useQueue(first, found);
  return (
    <Shown answer={answer} what="What to review">
      {() =>
        queue.length || found?.length ? (
          <Walk judge={judge} queue={queue} more={answer.reload} />
        ) : (
          <Note title="Nothing waits to be reviewed.">
            Every evaluation has a correction, an approval or a high rating already, or none has been recorded yet. All of them are found
            under “Show”.
          </Note>
        )
      }
    </Shown>
  );
}

function Newest(properties: {
  judge: JudgeFieldsFragment;
  first: string | undefined;
  fresh: boolean;
  search: string;
}): JSX.Element {
  const { judge, first, fresh, search } = properties;
  const [after, setAfter] = useState<string | null>(null);
  const filter = { ...(fresh && { hasFeedback: false }), ...(search && { search }) };
  const answer = useQuery(JudgeEvaluationsDocument, { judgeId: judge.id, first: AT_ONCE, after, filter });
  const page = answer.data?.judge?.evaluations;
  const queue = useQueue(first, page?.nodes);
  const more = () => {
    if (page?.pageInfo.hasNextPage) setAfter(page.pageInfo.endCursor);
    else answer.reload();
  };
  if (!queue.length)
    return (
      <Shown answer={answer} what="What to review">
        {() =>
          page?.nodes.length ? null : (
            <Note title="There are no such evaluations.">
              {fresh || search ? 'Choose others above.' : 'Record them with the mutation recordEvaluations or judgesmith import.'}
            </Note>
          )
        }
      </Shown>
    );
  return <Walk judge={judge} queue={queue} more={more} />;
}

function Walk({ judge, queue, more }: { judge: JudgeFieldsFragment; queue: readonly Waiting[]; more: () => void }): JSX.Element {
  const [place, setPlace] = useState(0);
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const current = queue[place];
  const next = () => setPlace((old) => Math.min(old + 1, queue.length));
  const [last, setLast] = useState<{ feedbackId: string; evaluationId: string }>();
  async function undo(): Promise<void> {
    if (!last) return;
    const reason = 'Taken back while reviewing.';
    const { retractFeedback: answer } = await ask(RetractFeedbackDocument, { input: { feedbackId: last.feedbackId, reason } });
    say(answer.userErrors[0]?.message ?? 'Taken back.');
    if (answer.userErrors.length) return;
    setDone((old) => new Set([...old].filter((id) => id !== last.evaluationId)));
    setPlace(queue.findIndex((one) => one.id === last.evaluationId));
    setLast(undefined);
  }
  const takeBack = last && {
    label: 'Take the last one back',
    deed: () => void undo().catch((problem: unknown) => say(problem instanceof Error ? problem.message : String(problem))),
  };
  if (!current)
    return (
      <div class="note">
        <strong>{`You went through all ${queue.length}.`}</strong>
        <p>{`Feedback was given on ${many(done.size, 'evaluation')}. Thank you.`}</p>
        <div class="row">
          <button type="button" class="primary" onClick={more}>
            Look for more
          </button>
          <button type="button" onClick={() => setPlace(0)}>
            Go through them again
          </button>
          {takeBack && (
            <button type="button" onClick={takeBack.deed}>
              {takeBack.label}
            </button>
          )}
          <a href={to('judges', judge.id)}>Back to the judge</a>
        </div>
      </div>
    );
  return (
    <Item
      key={current.id}
      id={current.id}
      judge={judge}
      where={`${place + 1} of ${queue.length}${done.has(current.id) ? ', feedback given' : ''}`}
      why={current.why}
      given={(feedbackId) => {
        setDone((old) => new Set(old).add(current.id));
        setLast({ feedbackId, evaluationId: current.id });
      }}
      takeBack={takeBack}
      next={next}
      back={() => setPlace((old) => Math.max(0, old - 1))}
    />
  );
}
