/** A line chart that keeps up with its data. The canvas is mute, so a sentence and a table tell the same. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Line {
  name: string;
  /** Which of the page's colours. */
  tone: 'before' | 'after' | 'other';
  values: (number | null)[];
  /** Drawn like the line before it, and not named once more. */
  same?: boolean;
}

interface Properties {
  title: string;
  /** What the horizontal axis counts, such as `epoch`. */
  across: string;
  x: number[];
  lines: Line[];
  /** Digits behind the point where a value is written; 0: a count, drawn from 0. */
  digits: number;
  /** Written behind a value, such as ` %`. */
  unit?: string;
  /** Moments on the horizontal axis, in seconds since 1970. */
  days?: boolean;
}

const HEIGHT = 200;
const LAST = 8;
const WHOLE = [1, 10, 100, 1000, 10_000, 100_000].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
const FEW = 40; // so few points are marked one by one
const DAY = 86_400;
const DAYS = [1, 2, 7, 14, 28, 91, 182, 364].map((number) => number * DAY);
const shortDays = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });

export function LineChart(properties: Properties): JSX.Element {
  const { title, across, x, lines, digits, unit = '' } = properties;
  const show = (value: number) => value.toFixed(digits) + unit;
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
    dark.addEventListener('change', make); // colours are drawn, not styled
    return () => {
      dark.removeEventListener('change', make);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(data(properties)), [x, lines]);

  const at = (index: number) => (properties.days ? new Date(x[index]! * 1000).toISOString().slice(0, 10) : String(x[index]));
  const told = lines.map((line) => {
    const last = line.values.findLastIndex((value) => value !== null);
    return last < 0 ? `${line.name}: no data yet` : `${line.name}: ${show(line.values[last]!)} at ${across} ${at(last)}`;
  });
  const points = x.length;
  const shown = x.map((_, index) => index).slice(-LAST).reverse();
  return (
    <figure class="chart">
      <figcaption>
        <span class="name">{title}</span>
        {lines.length > 1 && lines.filter((line) => !line.same).map((line) => <span key={line.name} class={`key ${line.tone}`}>{line.name}</span>)}
      </figcaption>
      <div ref={place} class="canvas" role="img" aria-label={`${title}. ${told.join('; ')}. ${points} points.`} data-points={points} />
      {points > 0 && (
        <details>
          <summary>{points > LAST ? `The last ${LAST} of ${points} points` : 'As a table'}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{across}</th>
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
                      {line.values[index] == null ? '–' : show(line.values[index])}
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

/** The values at an axis, with as many digits as it takes to tell one from the next. */
function written(ticks: number[], unit: string): string[] {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  let digits = 0;
  while (digits < 6 && Math.abs(Number(step.toFixed(digits)) - step) > step * 1e-6) digits++;
  return ticks.map((tick) => tick.toFixed(digits) + unit);
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
      { ...axis, ...(properties.days ? { incrs: DAYS, values: (_: uPlot, ticks: number[]) => ticks.map(shortDay) } : { incrs: WHOLE }) },
      { ...axis, size: 64, ...(counted && { incrs: WHOLE }), values: (_: uPlot, ticks: number[]) => written(ticks, unit) },
    ],
    series: [
      {},
      ...properties.lines.map((line): uPlot.Series => ({
        label: line.name,
        stroke: colour(line.tone),
        width: 2,
        spanGaps: true,
        points: { show: (_, __, first, last) => last - first < FEW, size: 5, fill: colour(line.tone) },
      })),
    ],
  };
}
