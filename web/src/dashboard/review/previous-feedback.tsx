import type { JSX } from 'preact';
import type { EvaluationQuery } from '../../generated/graphql';
import { day, decimal, plural } from '../parts/format';

type Feedback = NonNullable<EvaluationQuery['evaluation']>['feedback'];

/** Feedback that was given on the evaluation before. */
export function PreviousFeedback({ feedback }: { feedback: Feedback }): JSX.Element | null {
  if (!feedback.nodes.length) return null;
  return (
    <details>
      <summary>{`Previous feedback: ${plural(feedback.totalCount, 'item')}`}</summary>
      <ul class="past">
        {feedback.nodes.map((item) => (
          <li key={item.id}>
            <strong>{item.submittedBy}</strong> {describeFeedback(item)} <span class="hint">{day(item.submittedAt)}</span>
            {item.comment && <div class="text soft">{item.comment}</div>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function describeFeedback(item: Feedback['nodes'][number]): string {
  switch (item.type) {
    case 'CORRECTION':
      return item.correctedScores.map(({ criterion, score }) => `${criterion.name} ${decimal(score, Number.isInteger(score) ? 0 : 2)}`).join(', ');
    case 'RATING':
      return `rated the scores ${item.rating ?? 0} of 5`;
    case 'APPROVAL':
      return item.approved ? 'approved the scores' : 'rejected the scores';
    case 'COMMENT':
      return 'commented';
  }
}
