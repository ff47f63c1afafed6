import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { many, time } from '../parts/format';
import { Section } from '../parts/look';
import type { Event } from './live';

const SHOWN = 200;

/** What happened to the job, latest first; epochs are in the charts already. */
export function Events({ events }: { events: Event[] }): JSX.Element {
  const [withEpochs, setWithEpochs] = useState(false);
  const told = events.filter((event) => withEpochs || event.__typename !== 'EpochCompleted').reverse();
  return (
    <Section
      title="Events"
      aside={
        <label class="check">
          <input type="checkbox" checked={withEpochs} onChange={(event) => setWithEpochs(event.currentTarget.checked)} />
          <span>with every epoch</span>
        </label>
      }
    >
      {told.length === 0 && <p class="hint">Nothing has been heard yet.</p>}
      <ol class="events">
        {told.slice(0, SHOWN).map((event) => (
          <li key={event.id} class={event.__typename === 'WarningRaised' ? 'warn' : undefined}>
            <time dateTime={event.at}>{time(event.at)}</time>
            <span>{event.message}</span>
          </li>
        ))}
      </ol>
      {told.length > SHOWN && <p class="hint">{`The latest ${SHOWN} of ${many(told.length, 'event')}.`}</p>}
    </Section>
  );
}
