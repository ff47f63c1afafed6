/** Shared page elements: headings, sections, figures, states, tables. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { JudgeVersionStatus, TrainingJobStatus } from '../../generated/graphql';
import { words } from './format';

/** Heading of a view. It receives the focus when the view changes, so that screen readers begin there. */
export function Heading(properties: { title: string; above?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${properties.title} · Judgesmith`;
  }, [properties.title]);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header class="heading">
      {properties.above && <p class="above">{properties.above}</p>}
      <div class="row spread">
        <h1 ref={heading} tabIndex={-1}>
          {properties.title}
        </h1>
        {properties.children && <div class="row">{properties.children}</div>}
      </div>
    </header>
  );
}

export function Section(properties: {
  title: string;
  note?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  const id = `section-${properties.title.toLowerCase().replace(/\W+/g, '-')}`;
  return (
    <section aria-labelledby={id}>
      <div class="row spread">
        <h2 id={id}>{properties.title}</h2>
        {properties.aside}
      </div>
      {properties.note && <p class="hint">{properties.note}</p>}
      {properties.children}
    </section>
  );
}

/** Figure with its name, value and a note. */
export function Figure(properties: { name: string; value: string; note?: string | undefined }): JSX.Element {
  return (
    <div class="figure">
      <dt>{properties.name}</dt>
      <dd>
        <span class="value">{properties.value}</span>
        {properties.note && <span class="hint">{properties.note}</span>}
      </dd>
    </div>
  );
}

const TONES: Record<TrainingJobStatus | JudgeVersionStatus, string> = {
  CREATED: 'idle',
  QUEUED: 'idle',
  PREPARING: 'busy',
  TRAINING: 'busy',
  VALIDATING: 'busy',
  COMPLETED: 'good',
  FAILED: 'bad',
  CANCELLED: 'warn',
  CANDIDATE: 'idle',
  ACTIVE: 'good',
  BACKUP: 'busy',
  ARCHIVED: 'idle',
};

/** Name of a status with a coloured dot. */
export function State({ of }: { of: TrainingJobStatus | JudgeVersionStatus }): JSX.Element {
  return <span class={`state ${TONES[of]}`}>{words(of)}</span>;
}

export function Bar({ fraction, label }: { fraction: number; label: string }): JSX.Element {
  return <progress max={1} value={fraction} aria-label={label} />;
}

/** Table that scrolls horizontally on narrow screens. */
export function Table(properties: {
  caption: string;
  /** A `number` column is right-aligned; a `wide` column is hidden on narrow screens. */
  head: readonly (string | { text: string; number?: true; wide?: true })[];
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="scroll" role="region" aria-label={properties.caption} tabIndex={0}>
      <table>
        <caption class="visually-hidden">{properties.caption}</caption>
        <thead>
          <tr>
            {properties.head.map((cell) => {
              const { text, number, wide } = typeof cell === 'string' ? { text: cell } : cell;
              return (
                <th key={text} scope="col" class={[number && 'number', wide && 'wide'].filter(Boolean).join(' ') || undefined}>
                  {text}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{properties.children}</tbody>
      </table>
    </div>
  );
}
