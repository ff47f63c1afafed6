/** Going through evaluations one by one: those that teach most first. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { JudgeDocument, type JudgeFieldsFragment, SuggestEvaluationsToReviewDocument } from '../../generated/graphql';
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
    <Shown answer={answer} what="The judge">
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

function Queue({ judge, first }: { judge: JudgeFieldsFragment; first: string | undefined }): JSX.Element {
  const answer = useQuery(SuggestEvaluationsToReviewDocument, { judgeId: judge.id, first: AT_ONCE });
  const suggested = answer.data?.suggestEvaluationsToReview;
  const [queue, setQueue] = useState<Waiting[]>(first ? [{ id: first }] : []);
  useEffect(() => {
    const more = (suggested ?? []).map(({ evaluation, reason, gain }) => ({
      id: evaluation.id,
      why: `${reason} It would lessen the doubt about all of them by ${percent(gain, 1)}.`,
    }));
    setQueue((old) => [...old, ...more.filter((one) => !old.some((known) => known.id === one.id))]);
  }, [suggested]);
  return (
    <Shown answer={answer} what="What to review">
      {() =>
        queue.length ? (
          <Walk judge={judge} queue={queue} more={answer.reload} />
        ) : (
          <Note title="Nothing waits to be reviewed.">
            Every evaluation has a correction, an approval or a high rating already, or none has been recorded yet. Record them with the
            mutation <code>recordEvaluations</code> or <code>judgesmith import</code>.
          </Note>
        )
      }
    </Shown>
  );
}

function Walk({ judge, queue, more }: { judge: JudgeFieldsFragment; queue: Waiting[]; more: () => void }): JSX.Element {
  const [place, setPlace] = useState(0);
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const current = queue[place];
  const next = () => setPlace((old) => Math.min(old + 1, queue.length));
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
      given={() => setDone((old) => new Set(old).add(current.id))}
      next={next}
      back={() => setPlace((old) => Math.max(0, old - 1))}
    />
  );
}
