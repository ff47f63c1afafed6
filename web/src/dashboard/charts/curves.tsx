/** Charts for the proof of one criterion: calibration curve and confusion matrix. */

import type { JSX } from 'preact';
import type { AgreementCurveFieldsFragment, TrainingJobProofQuery } from '../../generated/graphql';
import { count, decimal, plural, percent } from '../parts/format';

type Proof = NonNullable<NonNullable<TrainingJobProofQuery['trainingJob']>['evidence']>['criteria'][number];

/** Maximum number of levels that are drawn large. */
export const MAX_LARGE_LEVELS = 9;

const SIZE = 240;
const LEFT = 34;

export function Calibration({ proof }: { proof: Proof }): JSX.Element | null {
  const { min, max, name } = proof.criterion;
  const sides = [
    { of: proof.before, name: 'before', tone: 'before' },
    ...(proof.after ? [{ of: proof.after, name: 'after', tone: 'after' }] : []),
  ];
  const all = sides.flatMap((side) => side.of.calibration);
  if (!all.length) return null;
  const largest = Math.max(...all.map((point) => point.count));
  const x = (score: number) => LEFT + ((score - min) / (max - min)) * (SIZE - LEFT - 8);
  const y = (score: number) => SIZE - 26 - ((score - min) / (max - min)) * (SIZE - 34);
  const ticks = [min, (min + max) / 2, max];
  return (
    <figure class="chart">
      <figcaption>
        <span class="name">Calibration</span>
        {sides.map((side) => (
          <span key={side.name} class={`key ${side.tone}`}>
            {side.name}
          </span>
        ))}
      </figcaption>
      <svg
        class="calibration"
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label={`Calibration of ${name}: people’s mean score for items with similar scores. The table has the numbers.`}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="axis" x1={x(min)} x2={x(max)} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {decimal(tick, Number.isInteger(tick) ? 0 : 1)}
            </text>
            <text x={x(tick)} y={SIZE - 10} text-anchor={tick === max ? 'end' : 'middle'}>
              {decimal(tick, Number.isInteger(tick) ? 0 : 1)}
            </text>
          </g>
        ))}
        <line class="ideal" x1={x(min)} y1={y(min)} x2={x(max)} y2={y(max)} />
        {sides.map((side) => (
          <g key={side.name} class={side.tone}>
            <polyline points={side.of.calibration.map((point) => `${x(point.score)},${y(point.people)}`).join(' ')} />
            {side.of.calibration.map((point) => (
              <circle key={point.score} cx={x(point.score)} cy={y(point.people)} r={2 + 4 * Math.sqrt(point.count / largest)} />
            ))}
          </g>
        ))}
      </svg>
      <p class="hint">Horizontal axis: the score in points. Vertical axis: people’s mean score. On the dashed line both are equal.</p>
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Scores</th>
              <th scope="col" class="number">Score</th>
              <th scope="col" class="number">People</th>
              <th scope="col" class="number">n labels</th>
            </tr>
          </thead>
          <tbody>
            {sides.flatMap((side) =>
              side.of.calibration.map((point) => (
                <tr key={`${side.name} ${point.score}`}>
                  <th scope="row">{side.name}</th>
                  <td class="number">{decimal(point.score)}</td>
                  <td class="number">{decimal(point.people)}</td>
                  <td class="number">{count(point.count)}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

type Matrix = NonNullable<AgreementCurveFieldsFragment['confusion']>;

export function Confusion({ matrix, name }: { matrix: Matrix; name: string }): JSX.Element {
  const total = matrix.counts.flat().reduce((sum, n) => sum + n, 0);
  const agreeing = matrix.counts.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const rows = matrix.levels.map((level, index) => ({ level, counts: matrix.counts[index]! })).reverse();
  const label = (level: number) => decimal(level, Number.isInteger(level) ? 0 : 1);
  return (
    <figure class="chart">
      <figcaption>
        <span class="name">{`People against verdicts, ${name}`}</span>
      </figcaption>
      <div class="scroll" role="region" aria-label={`People against verdicts, ${name}`} tabIndex={0}>
        <table class={matrix.levels.length > MAX_LARGE_LEVELS ? 'confusion fine' : 'confusion'}>
          <thead>
            <tr>
              <th scope="col">
                verdict →<br />
                people ↓
              </th>
              {matrix.levels.map((level) => (
                <th key={level} scope="col">
                  {label(level)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ level, counts }) => {
              const largest = Math.max(1, ...counts);
              return (
                <tr key={level}>
                  <th scope="row">{label(level)}</th>
                  {counts.map((n, column) => (
                    <td
                      key={column}
                      class={matrix.levels[column] === level ? 'agrees' : undefined}
                      style={{ '--share': `${Math.round((n / largest) * 100)}%` }}
                    >
                      {n ? count(n) : ''}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="hint">{`${percent(agreeing / Math.max(1, total))} of ${plural(total, 'label')} on the diagonal.`}</p>
    </figure>
  );
}
