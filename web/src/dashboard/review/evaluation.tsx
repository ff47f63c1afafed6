/** Review of one evaluation: its texts, the judge's scores, and a form for feedback. */

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import {
  EvaluationDocument,
  type EvaluationQuery,
  type FeedbackInput,
  type JudgeFieldsFragment,
  SubmitFeedbackDocument,
} from '../../generated/graphql';
import { execute } from '../api';
import { messageOf, Problems, showMessage } from '../parts/actions';
import { dateTime } from '../parts/format';
import { useQuery } from '../parts/query';
import { randomKey } from '../parts/random';
import { Note, QueryView } from '../parts/query-view';
import { useKeys } from './keys';
import { PreviousFeedback } from './previous-feedback';
import { fieldOf, pointsOf, Scores } from './scores';

type Evaluation = NonNullable<EvaluationQuery['evaluation']>;
type FeedbackContent = Omit<FeedbackInput, 'evaluationId' | 'externalId' | 'comment'>;

interface Properties {
  id: string;
  judge: JudgeFieldsFragment;
  /** Position in the queue, in words. */
  position: string;
  /** Reason for the suggestion. */
  reason: string | undefined;
  onSubmitted: (feedbackId: string) => void;
  /** Retract the last feedback, if there is some. */
  undo: { label: string; action: () => void } | undefined;
  next: () => void;
  back: () => void;
}

export function EvaluationReview(properties: Properties): JSX.Element {
  const answer = useQuery(EvaluationDocument, { id: properties.id, first: 20 });
  return (
    <QueryView answer={answer} label="The evaluation">
      {({ evaluation }) =>
        evaluation?.judge.id === properties.judge.id ? (
          <ReviewForm {...properties} evaluation={evaluation} />
        ) : (
          <Note title={`This judge has no evaluation ${properties.id}.`}>
            <button type="button" onClick={properties.next}>
              Continue with the next
            </button>
          </Note>
        )
      }
    </QueryView>
  );
}

function ReviewForm({ evaluation, judge, position, reason, onSubmitted, undo, next, back }: Properties & { evaluation: Evaluation }): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlyMap<string, number>>(new Map());
  const [at, setAt] = useState(0);
  const [comment, setComment] = useState('');
  const [errors, setErrors] = useState<readonly { message: string }[]>([]);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const commentField = useRef<HTMLTextAreaElement>(null);
  const sent = useRef({ what: '', key: '' });

  function choose(criterionId: string, score: number | undefined): void {
    setChosen((old) => {
      const next = new Map(old);
      if (score === undefined) next.delete(criterionId);
      else next.set(criterionId, score);
      return next;
    });
  }

  async function submit(content: FeedbackContent): Promise<void> {
    if (busy) return;
    const item = { ...content, evaluationId: evaluation.id, ...(comment.trim() && { comment: comment.trim() }) };
    const what = JSON.stringify(item);
    if (sent.current.what !== what) sent.current = { what, key: randomKey() }; // a retry after a failure counts once
    setBusy(true);
    try {
      const { submitFeedback: answer } = await execute(SubmitFeedbackDocument, {
        input: { judgeId: judge.id, feedback: [{ ...item, externalId: sent.current.key }] },
      });
      setErrors(answer.userErrors);
      if (!answer.userErrors.length) {
        showMessage(`${NOUNS[content.type]} saved.`);
        onSubmitted(answer.feedback?.[0]?.id ?? '');
        next();
      }
    } catch (problem) {
      setErrors([{ message: messageOf(problem) }]);
    }
    setBusy(false);
  }

  const correct = () => {
    const corrected = [...chosen].map(([criterionId, score]) => ({ criterionId, score }));
    if (corrected.length) void submit({ type: 'CORRECTION', correctedScores: corrected });
  };
  const approve = (approved: boolean) => void submit({ type: 'APPROVAL', approved });
  const rate = (rating: number) => void submit({ type: 'RATING', rating });
  const submitComment = () => {
    if (comment.trim()) void submit({ type: 'COMMENT' });
  };

  const [shortcuts, setShortcuts] = useKeys({
    digit(digit) {
      const criterion = judge.criteria[at];
      if (!criterion) return false;
      const points = pointsOf(criterion);
      if (!points) {
        document.getElementById(fieldOf(criterion.id))?.focus(); // the browser then types the digit there
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
    s: () => form.current?.requestSubmit(), // validates the fields first
    a: () => approve(true),
    x: () => approve(false),
    c: () => commentField.current?.focus(),
    n: next,
    p: back,
    u: () => undo?.action(),
  });

  return (
    <div class="review">
      <article aria-label="Evaluation">
        <p class="hint">{[position, evaluation.externalId, evaluation.source, dateTime(evaluation.createdAt)].filter(Boolean).join(' · ')}</p>
        {reason && <p class="hint">{reason}</p>}
        {evaluation.input && (
          <details open={evaluation.input.length < 400}>
            <summary>Input</summary>
            <div class="text soft">{evaluation.input}</div>
          </details>
        )}
        <h2>Output</h2>
        <div class="text">{evaluation.output}</div>
        {evaluation.rationale && (
          <details>
            <summary>Rationale</summary>
            <div class="text soft">{evaluation.rationale}</div>
          </details>
        )}
        <PreviousFeedback feedback={evaluation.feedback} />
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
        <h2>{evaluation.version ? `Scores of version ${evaluation.version.number}` : 'Raw scores'}</h2>
        <Scores criteria={judge.criteria} shown={evaluation.scores} chosen={chosen} at={at} choose={choose} onFocus={setAt} />
        <label class="field">
          <span>Comment (sent with your feedback)</span>
          <textarea
            ref={commentField}
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
            Approve <kbd>a</kbd>
          </button>
          <button type="button" disabled={busy} aria-keyshortcuts="x" onClick={() => approve(false)}>
            Reject <kbd>x</kbd>
          </button>
          <button type="button" class="quiet" disabled={busy || !comment.trim()} onClick={submitComment}>
            Send comment only
          </button>
        </div>
        <fieldset class="row">
          <legend>Or rate the scores from 1 (bad) to 5 (good)</legend>
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
            {undo && (
              <button type="button" class="small" aria-keyshortcuts="u" onClick={undo.action}>
                {undo.label} <kbd>u</kbd>
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
            <kbd>0</kbd>–<kbd>9</kbd> score the selected criterion, <kbd>j</kbd> <kbd>k</kbd> select the next or previous one, <kbd>Shift</kbd>+<kbd>1</kbd>–<kbd>5</kbd>{' '}
            rate, <kbd>c</kbd> comment, <kbd>Esc</kbd> leaves the comment.
          </p>
        )}
      </form>
    </div>
  );
}

const NOUNS = { CORRECTION: 'Correction', APPROVAL: 'Approval', RATING: 'Rating', COMMENT: 'Comment' } as const;
