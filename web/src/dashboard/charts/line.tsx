/** Line chart with live data. A label and a table repeat its values, because screen readers cannot read a canvas. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, decimal, NONE, plural } from '../parts/format';

export interface Line {
  name: string;
  /** One of the page's colours. */
  tone: 'before' | 'after' | 'other';
  values: (number | null)[];
  /** Drawn like the line before it and omitted from the legend. */
  unlabelled?: boolean;
}

interface Properties {
  title: string;
  /** Name of the horizontal axis, such as `epoch`. */
  xName: string;
  x: number[];
  lines: Line[];
  /** Decimal places of the values. 0 means a count, drawn from 0. */
  digits: number;
  /** Suffix of a value, such as `%`. */
  unit?: string;
  /** Horizontal values are timestamps in seconds since 1970. */
  days?: boolean;
}

const HEIGHT = 200;
const MAX_TABLE_ROWS = 8;
const INTEGER_STEPS = [1, 10, 100, 1000, 10_000, 100_000].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
const MAX_MARKED_POINTS = 40;
const DAY = 86_400;
const DAY_STEPS = [1, 2, 7, 14, 28, 91, 182, 364].map((number) => number * DAY);
const shortDays = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });

export function LineChart(properties: Properties): JSX.Element {
  const { title, xName, x, lines, digits, unit = '' } = properties;
  const show = (value: number) => decimal(value, digits) + unit;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shape = [title, ...lines.map((line) => line.name)].join('|');

  useEffect(() => {
    const node = place.current!;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(properties, node.clientWidth), data(properties), node);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: node.clientWidth, height: HEIGHT }));
    resized.observe(node);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make); // the canvas does not follow the style sheet
    return () => {
      dark.removeEventListener('change', make);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(data(properties)), [x, lines]);

  const at = (index: number) => (properties.days ? new Date(x[index]! * 1000).toISOString().slice(0, 10) : count(x[index]!));
  const latest = lines.map((line) => {
    const last = line.values.findLastIndex((value) => value !== null);
    return last < 0 ? `${line.name}: no data yet` : `${line.name}: ${show(line.values[last]!)} at ${xName} ${at(last)}`;
  });
  const points = x.length;
  const shown = x.map((_, index) => index).slice(-MAX_TABLE_ROWS).reverse();
  return (
    <figure class="chart">
      <figcaption>
        <span class="name">{title}</span>
        {lines.length > 1 && lines.filter((line) => !line.unlabelled).map((line) => <span key={line.name} class={`key ${line.tone}`}>{line.name}</span>)}
      </figcaption>
      <div ref={place} class="canvas" role="img" aria-label={`${title}. ${latest.join('; ')}. ${plural(points, 'point')}.`} data-points={points} />
      {points > 0 && (
        <details>
          <summary>{points > MAX_TABLE_ROWS ? `The last ${MAX_TABLE_ROWS} of ${count(points)} points` : 'As a table'}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{xName}</th>
                {lines.map((line) => (
                  <th key={line.name} scope="col" class="number">
                    {line.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((index) => (
                <tr key={index}>
                  <th scope="row">{at(index)}</th>
                  {lines.map((line) => (
                    <td key={line.name} class="number">
                      {line.values[index] == null ? NONE : show(line.values[index])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </figure>
  );
}

function shortDay(at: number): string {
  return shortDays.format(at * 1000);
}

/** Format the values of an axis with enough decimal places to distinguish neighbours. */
function axisLabels(ticks: number[], unit: string): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  let digits = 0;
  while (digits < 6 && Math.abs(Number(step.toFixed(digits)) - step) > step * 1e-6) digits++;
  return ticks.map((tick) => decimal(tick, digits) + unit);
}

function data({ x, lines }: Properties): uPlot.AlignedData {
  return [x, ...lines.map((line) => line.values)] as uPlot.AlignedData;
}

function options(properties: Properties, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const { unit = '' } = properties;
  const counted = properties.digits === 0;
  const axis: uPlot.Axis = {
    stroke: colour('soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1 },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, ...(counted && { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } }) },
    axes: [
      { ...axis, ...(properties.days ? { incrs: DAY_STEPS, values: (_: uPlot, ticks: number[]) => ticks.map(shortDay) } : { incrs: INTEGER_STEPS }) },
      { ...axis, size: 64, ...(counted && { incrs: INTEGER_STEPS }), values: (_: uPlot, ticks: number[]) => axisLabels(ticks, unit) },
    ],
    series: [
      {},
      ...properties.lines.map((line): uPlot.Series => ({
        label: line.name,
        stroke: colour(line.tone),
        width: 2,
        spanGaps: true,
        points: { show: (_, __, first, last) => last - first < MAX_MARKED_POINTS, size: 5, fill: colour(line.tone) },
      })),
    ],
  };
}
