import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { plural, time, TIME_ZONE } from '../parts/format';
import { Section } from '../parts/elements';
import type { Event } from './live';

const MAX_SHOWN = 200;

/** Events of the job, latest first. Epochs are hidden by default because the charts show them. */
export function Events({ events }: { events: Event[] }): JSX.Element {
  const [withEpochs, setWithEpochs] = useState(false);
  const visible = events.filter((event) => withEpochs || event.__typename !== 'EpochCompleted').reverse();
  return (
    <Section
      title="Events"
      note={`Times are in the time zone ${TIME_ZONE}.`}
      aside={
        <label class="check">
          <input type="checkbox" checked={withEpochs} onChange={(event) => setWithEpochs(event.currentTarget.checked)} />
          <span>Show every epoch</span>
        </label>
      }
    >
      {visible.length === 0 && <p class="hint">No events yet.</p>}
      <ol class="events">
        {visible.slice(0, MAX_SHOWN).map((event) => (
          <li key={event.id} class={event.__typename === 'WarningRaised' ? 'warn' : undefined}>
            <time dateTime={event.at}>{time(event.at)}</time>
            <span>{event.message}</span>
          </li>
        ))}
      </ol>
      {visible.length > MAX_SHOWN && <p class="hint">{`The latest ${MAX_SHOWN} of ${plural(visible.length, 'event')}.`}</p>}
    </Section>
  );
}
