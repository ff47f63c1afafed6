/** Who gave the feedback, and how much of it: a judge that learns from one person learns that person. */

import type { JSX } from 'preact';
import type { JudgeOverviewQuery } from '../../generated/graphql';
import { count, many, percent } from '../parts/format';
import { Table } from '../parts/look';

type Rater = NonNullable<JudgeOverviewQuery['judge']>['feedbackSummary']['raters'][number];

export function Raters({ raters, all, total }: { raters: readonly Rater[]; all: number; total: number }): JSX.Element {
  const shown = raters.reduce((sum, rater) => sum + rater.totalCount, 0);
  return (
    <>
      <h3>Raters</h3>
      <Table
        caption="Raters, those who gave most first"
        head={['Rater', { text: 'n items', number: true }, { text: 'Share of all', number: true }, { text: 'n corrections', number: true }]}
      >
        {raters.map((rater) => (
          <tr key={rater.submittedBy}>
            <th scope="row">
              <span class="name-in-row" title={rater.submittedBy}>
                {rater.submittedBy}
              </span>
            </th>
            <td class="number">{count(rater.totalCount)}</td>
            <td class="number">{percent(rater.totalCount / total)}</td>
            <td class="number">{count(rater.correctionCount)}</td>
          </tr>
        ))}
      </Table>
      {all > raters.length && <p class="hint">{`${many(all - raters.length, 'more rater')} gave ${many(total - shown, 'item')}.`}</p>}
    </>
  );
}
