/** Table of raters with the amount of their feedback, to show whether one rater dominates. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JudgeOverviewQuery } from '../../generated/graphql';
import { count, plural, percent } from '../parts/format';
import { Table } from '../parts/elements';

type Rater = NonNullable<JudgeOverviewQuery['judge']>['feedbackSummary']['raters'][number];

const INITIALLY_SHOWN = 5;

/** `raters`: those with most feedback, of `all` raters, who gave `total` items. */
export function Raters({ raters, all, total }: { raters: readonly Rater[]; all: number; total: number }): JSX.Element {
  const [open, setOpen] = useState(false);
  const shown = open ? raters : raters.slice(0, INITIALLY_SHOWN);
  const shownCount = shown.reduce((sum, rater) => sum + rater.totalCount, 0);
  return (
    <>
      <h3>Raters</h3>
      <Table
        caption="Raters, most feedback first"
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
          <p class="hint">{`${plural(all - shown.length, 'more rater')} gave ${plural(total - shownCount, 'item')}.`}</p>
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
