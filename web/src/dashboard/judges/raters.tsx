/** Who gave the feedback, and how much of it: a judge that learns from one person learns that person. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JudgeOverviewQuery } from '../../generated/graphql';
import { count, many, percent } from '../parts/format';
import { Table } from '../parts/look';

type Rater = NonNullable<JudgeOverviewQuery['judge']>['feedbackSummary']['raters'][number];

const FEW = 5;

/** `raters`: those who gave most, of `all` there are; they and the others gave `total` items. */
export function Raters({ raters, all, total }: { raters: readonly Rater[]; all: number; total: number }): JSX.Element {
  const [open, setOpen] = useState(false);
  const shown = open ? raters : raters.slice(0, FEW);
  const given = shown.reduce((sum, rater) => sum + rater.totalCount, 0);
  return (
    <>
      <h3>Raters</h3>
      <Table
        caption="Raters, those who gave most first"
        head={['Rater', { text: 'n items', number: true }, { text: 'Share of all', number: true }, { text: 'n corrections', number: true }]}
      >
        {shown.map((rater) => (
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
      {all > shown.length && (
        <div class="row spread">
          <p class="hint">{`${many(all - shown.length, 'more rater')} gave ${many(total - given, 'item')}.`}</p>
          {!open && (
            <button type="button" class="small" onClick={() => setOpen(true)}>
              Show more raters
            </button>
          )}
        </div>
      )}
    </>
  );
}
