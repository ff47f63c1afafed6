import type { JSX } from 'preact';
import type { EvaluationQuery } from '../../generated/graphql';
import { day, decimal, many } from '../parts/format';

type Feedback = NonNullable<EvaluationQuery['evaluation']>['feedback'];

/** What people said about the evaluation before. */
export function Past({ feedback }: { feedback: Feedback }): JSX.Element | null {
  if (!feedback.nodes.length) return null;
  return (
    <details>
      <summary>{`What people said: ${many(feedback.totalCount, 'item')}`}</summary>
      <ul class="past">
        {feedback.nodes.map((item) => (
          <li key={item.id}>
            <strong>{item.submittedBy}</strong> {told(item)} <span class="hint">{day(item.submittedAt)}</span>
            {item.comment && <div class="text soft">{item.comment}</div>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function told(item: Feedback['nodes'][number]): string {
  switch (item.type) {
    case 'CORRECTION':
      return item.correctedScores.map(({ criterion, score }) => `${criterion.name} ${decimal(score, Number.isInteger(score) ? 0 : 2)}`).join(', ');
    case 'RATING':
      return `rated the verdict ${item.rating ?? 0} of 5`;
    case 'APPROVAL':
      return item.approved ? 'finds it right' : 'does not find it right';
    case 'COMMENT':
      return 'says';
  }
}
