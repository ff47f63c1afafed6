/** One evaluation: what was judged, what the judge said, and what a person says to that. */

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import {
  EvaluationDocument,
  type EvaluationQuery,
  type FeedbackInput,
  type JudgeFieldsFragment,
  SubmitFeedbackDocument,
} from '../../generated/graphql';
import { ask } from '../api';
import { Problems, say } from '../parts/actions';
import { moment } from '../parts/format';
import { useQuery } from '../parts/query';
import { randomKey } from '../parts/random';
import { Note, Shown } from '../parts/shown';
import { useKeys } from './keys';
import { Past } from './past';
import { fieldOf, pointsOf, Scores } from './scores';

type Evaluation = NonNullable<EvaluationQuery['evaluation']>;
type Said = Omit<FeedbackInput, 'evaluationId' | 'externalId' | 'comment'>;

interface Properties {
  id: string;
  judge: JudgeFieldsFragment;
  where: string;
  why: string | undefined;
  given: (feedbackId: string) => void;
  /** Takes back what was given last, where there is something. */
  takeBack: { label: string; deed: () => void } | undefined;
  next: () => void;
  back: () => void;
}

export function Item(properties: Properties): JSX.Element {
  const answer = useQuery(EvaluationDocument, { id: properties.id, first: 20 });
  return (
    <Shown answer={answer} what="The evaluation">
      {({ evaluation }) =>
        evaluation?.judge.id === properties.judge.id ? (
          <Review {...properties} evaluation={evaluation} />
        ) : (
          <Note title={`This judge has no evaluation ${properties.id}.`}>
            <button type="button" onClick={properties.next}>
              Go on with the others
            </button>
          </Note>
        )
      }
    </Shown>
  );
}

function Review({ evaluation, judge, where, why, given, takeBack, next, back }: Properties & { evaluation: Evaluation }): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlyMap<string, number>>(new Map());
  const [at, setAt] = useState(0);
  const [comment, setComment] = useState('');
  const [errors, setErrors] = useState<readonly { message: string }[]>([]);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const words = useRef<HTMLTextAreaElement>(null);
  const sent = useRef({ what: '', key: '' });

  function choose(criterionId: string, score: number | undefined): void {
    setChosen((old) => {
      const next = new Map(old);
      if (score === undefined) next.delete(criterionId);
      else next.set(criterionId, score);
      return next;
    });
  }

  async function give(said: Said): Promise<void> {
    if (busy) return;
    const item = { ...said, evaluationId: evaluation.id, ...(comment.trim() && { comment: comment.trim() }) };
    const what = JSON.stringify(item);
    if (sent.current.what !== what) sent.current = { what, key: randomKey() }; // sent again after a failure, it counts once
    setBusy(true);
    try {
      const { submitFeedback: answer } = await ask(SubmitFeedbackDocument, {
        input: { judgeId: judge.id, feedback: [{ ...item, externalId: sent.current.key }] },
      });
      setErrors(answer.userErrors);
      if (!answer.userErrors.length) {
        say(`Saved: ${DONE[said.type]}.`);
        given(answer.feedback?.[0]?.id ?? '');
        next();
      }
    } catch (problem) {
      setErrors([{ message: problem instanceof Error ? problem.message : String(problem) }]);
    }
    setBusy(false);
  }

  const correct = () => {
    const corrected = [...chosen].map(([criterionId, score]) => ({ criterionId, score }));
    if (corrected.length) void give({ type: 'CORRECTION', correctedScores: corrected });
  };
  const approve = (approved: boolean) => void give({ type: 'APPROVAL', approved });
  const rate = (rating: number) => void give({ type: 'RATING', rating });
  const remark = () => {
    if (comment.trim()) void give({ type: 'COMMENT' });
  };

  const [shortcuts, setShortcuts] = useKeys({
    digit(digit) {
      const criterion = judge.criteria[at];
      if (!criterion) return false;
      const points = pointsOf(criterion);
      if (!points) {
        document.getElementById(fieldOf(criterion.id))?.focus(); // where the digit then goes by itself
        return false;
      }
      const score = points.includes(digit) ? digit : points[digit - 1];
      if (score === undefined) return true;
      choose(criterion.id, score);
      setAt(Math.min(at + 1, judge.criteria.length - 1));
      return true;
    },
    shiftDigit: (digit) => {
      if (digit >= 1 && digit <= 5) rate(digit);
      return true;
    },
    j: () => setAt(Math.min(at + 1, judge.criteria.length - 1)),
    k: () => setAt(Math.max(at - 1, 0)),
    s: () => form.current?.requestSubmit(), // which looks at what was typed first
    a: () => approve(true),
    x: () => approve(false),
    c: () => words.current?.focus(),
    n: next,
    p: back,
    u: () => takeBack?.deed(),
  });

  return (
    <div class="review">
      <article aria-label="What was judged">
        <p class="hint">{[where, evaluation.externalId, evaluation.source, moment(evaluation.createdAt)].filter(Boolean).join(' · ')}</p>
        {why && <p class="hint">{why}</p>}
        {evaluation.input && (
          <details open={evaluation.input.length < 400}>
            <summary>What was asked</summary>
            <div class="text soft">{evaluation.input}</div>
          </details>
        )}
        <h2>What was judged</h2>
        <div class="text">{evaluation.output}</div>
        {evaluation.rationale && (
          <details>
            <summary>The judge’s reasons</summary>
            <div class="text soft">{evaluation.rationale}</div>
          </details>
        )}
        <Past feedback={evaluation.feedback} />
      </article>
      <form
        ref={form}
        class="card"
        aria-label="Your feedback"
        onSubmit={(event) => {
          event.preventDefault();
          correct();
        }}
      >
        <h2>{evaluation.version ? `Scores of version ${evaluation.version.number}` : 'The judge’s scores'}</h2>
        <Scores criteria={judge.criteria} shown={evaluation.scores} chosen={chosen} at={at} choose={choose} reach={setAt} />
        <label class="field">
          <span>Comment, sent along with what you press</span>
          <textarea
            ref={words}
            rows={2}
            maxLength={10_000}
            value={comment}
            onInput={(event) => setComment(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') event.currentTarget.blur();
            }}
          />
        </label>
        <Problems errors={errors} />
        <div class="row">
          <button class="primary" disabled={busy || chosen.size === 0} aria-keyshortcuts="s">
            Send correction <kbd>s</kbd>
          </button>
          <button type="button" disabled={busy} aria-keyshortcuts="a" onClick={() => approve(true)}>
            All right <kbd>a</kbd>
          </button>
          <button type="button" disabled={busy} aria-keyshortcuts="x" onClick={() => approve(false)}>
            Not right <kbd>x</kbd>
          </button>
          <button type="button" class="quiet" disabled={busy || !comment.trim()} onClick={remark}>
            Only comment
          </button>
        </div>
        <fieldset class="row">
          <legend>Or rate the verdict, from 1 (bad) to 5 (good)</legend>
          {[1, 2, 3, 4, 5].map((rating) => (
            <button key={rating} type="button" class="small" disabled={busy} aria-label={`Rate ${rating} of 5`} onClick={() => rate(rating)}>
              {rating}
            </button>
          ))}
        </fieldset>
        <div class="row spread">
          <div class="row">
            <button type="button" class="small" aria-keyshortcuts="p" onClick={back}>
              Back <kbd>p</kbd>
            </button>
            <button type="button" class="small" aria-keyshortcuts="n" onClick={next}>
              Skip <kbd>n</kbd>
            </button>
            {takeBack && (
              <button type="button" class="small" aria-keyshortcuts="u" onClick={takeBack.deed}>
                {takeBack.label} <kbd>u</kbd>
              </button>
            )}
          </div>
          <label class="check">
            <input type="checkbox" checked={shortcuts} onChange={(event) => setShortcuts(event.currentTarget.checked)} />
            <span>Keyboard shortcuts</span>
          </label>
        </div>
        {shortcuts && (
          <p class="hint">
            <kbd>0</kbd>–<kbd>9</kbd> score the marked criterion, <kbd>j</kbd> <kbd>k</kbd> move the mark, <kbd>Shift</kbd>+<kbd>1</kbd>–<kbd>5</kbd>{' '}
            rate, <kbd>c</kbd> comment, <kbd>Esc</kbd> leaves the comment.
          </p>
        )}
      </form>
    </div>
  );
}

const DONE = { CORRECTION: 'your correction', APPROVAL: 'your verdict', RATING: 'your rating', COMMENT: 'your comment' } as const;
