/** Table of the errors before and after by criterion, with small charts in its cells. */

import type { JSX } from 'preact';
import type { EvidenceFieldsFragment, IntervalFieldsFragment } from '../../generated/graphql';
import { count, decimal, NONE, percent, signed } from '../parts/format';
import { Table } from '../parts/elements';

type Row = EvidenceFieldsFragment['criteria'][number];

const WIDTH = 130;
const EDGE = 8;

/** `compared`: a version was active before, so that the raw scores and those before differ. */
export function ProofTable({ evidence, compared }: { evidence: EvidenceFieldsFragment; compared: boolean }): JSX.Element {
  const range = (row: Row) => row.criterion.max - row.criterion.min;
  const errors = evidence.criteria.flatMap((row) =>
    [row.raw, row.before, row.after].flatMap((report) => (report ? [report.meanAbsoluteError / range(row)] : [])),
  );
  const widest = Math.max(0.01, ...errors) * 1.05;
  const largestBound = Math.max(
    0.005,
    ...evidence.criteria.flatMap(({ maeChange: change, ...row }) =>
      change ? [Math.abs(change.lower), Math.abs(change.upper)].map((end) => end / (row.criterion.max - row.criterion.min)) : [],
    ),
  );
  return (
    <Table
      caption="Error before and after, by criterion"
      head={[
        'Criterion',
        { text: 'n labels', number: true },
        `Error, 0 to ${percent(widest)} of range`,
        { text: compared ? 'raw → before → after, points' : 'before → after, points', number: true },
        'Change',
        { text: 'points [95% interval]', number: true },
        { text: 'Rank correlation', number: true },
        'Verdict',
      ]}
    >
      {evidence.criteria.map((row) => (
        <tr key={row.criterion.id}>
          <th scope="row">{row.criterion.name}</th>
          <td class="number">{count(row.heldOutCount)}</td>
          <td>
            <Errors row={row} widest={widest} range={range(row)} compared={compared} />
          </td>
          <td class="number">
            {[row.raw, ...(compared ? [row.before] : []), row.after].map((report) => decimal(report?.meanAbsoluteError)).join(' → ')}
          </td>
          <td>{row.maeChange && <Change change={row.maeChange} largestBound={largestBound * range(row)} />}</td>
          <td class="number">{interval(row.maeChange)}</td>
          <td class="number">{`${decimal(row.before.spearman)} → ${decimal(row.after?.spearman)}`}</td>
          <td>
            <Verdict row={row} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Format an estimate with its 95% interval, times a unit. Values that would round to 0 get up to two more digits. */
export function interval(of: IntervalFieldsFragment | null, unit = 1, digits = 2): string {
  if (!of) return NONE;
  const values = [of.estimate, of.lower, of.upper].map((value) => value * unit);
  const vanishes = (at: number) => values.some((value) => value !== 0 && Number(value.toFixed(at)) === 0);
  let places = digits;
  while (places < digits + 2 && vanishes(places)) places++;
  const [estimate, lower, upper] = values.map((value) => signed(value, places));
  return `${estimate} [${lower}, ${upper}]`;
}

function Verdict({ row }: { row: Pick<Row, 'after' | 'improved' | 'worsened' | 'maeChange'> }): JSX.Element {
  if (!row.after || !row.maeChange) return <span>{NONE}</span>;
  if (row.worsened) return <span class="state bad">worse</span>;
  return row.improved ? <span class="state good">better</span> : <span class="state warn">unproven</span>;
}

function Errors(properties: { row: Row; widest: number; range: number; compared: boolean }): JSX.Element {
  const { row, widest, range, compared } = properties;
  const x = (error: number) => EDGE + (error / range / widest) * (WIDTH - 2 * EDGE);
  const before = x(row.before.meanAbsoluteError);
  const after = row.after && x(row.after.meanAbsoluteError);
  return (
    <svg class="dots" viewBox={`0 0 ${WIDTH} 24`} width={WIDTH} height="24" aria-hidden="true">
      <line class="axis" x1={EDGE} x2={WIDTH - EDGE} y1="12" y2="12" />
      {compared && <line class="tick" x1={x(row.raw.meanAbsoluteError)} x2={x(row.raw.meanAbsoluteError)} y1="6" y2="18" />}
      {after !== null && <line class="connector" x1={before} x2={after} y1="12" y2="12" />}
      <circle class="before" cx={before} cy="12" r="5" />
      {after !== null && <circle class="after" cx={after} cy="12" r="5.5" />}
    </svg>
  );
}

function Change({ change, largestBound }: { change: IntervalFieldsFragment; largestBound: number }): JSX.Element {
  const x = (value: number) => WIDTH / 2 + (value / largestBound) * (WIDTH / 2 - EDGE);
  const tone = change.upper < 0 ? 'better' : change.lower > 0 ? 'worse' : 'unproven';
  return (
    <svg class={`dots ${tone}`} viewBox={`0 0 ${WIDTH} 24`} width={WIDTH} height="24" aria-hidden="true">
      <line class="zero" x1={WIDTH / 2} x2={WIDTH / 2} y1="2" y2="22" />
      <line class="whisker" x1={x(change.lower)} x2={x(change.upper)} y1="12" y2="12" />
      <line class="whisker" x1={x(change.lower)} x2={x(change.lower)} y1="8" y2="16" />
      <line class="whisker" x1={x(change.upper)} x2={x(change.upper)} y1="8" y2="16" />
      <circle class="point" cx={x(change.estimate)} cy="12" r="4.5" />
    </svg>
  );
}
