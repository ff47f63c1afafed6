/** Live state of a job: each event exactly once across reconnects, rendered at most once per animation frame. */

import { useEffect, useRef, useState } from 'preact/hooks';
import {
  TrainingJobStatusDocument,
  type TrainingJobEventFieldsFragment,
  type TrainingJobStatusSubscription,
} from '../../generated/graphql';
import { subscribe } from '../api';

type Update = TrainingJobStatusSubscription['trainingJobStatus'];
export type Event = TrainingJobEventFieldsFragment;
export type Epoch = Extract<Event, { __typename: 'EpochCompleted' }>;

export interface Live {
  job: Update['trainingJob'] | undefined;
  events: Event[];
  epochs: Epoch[];
  problem: Error | undefined;
  ended: boolean;
}

const NOTHING: Live = { job: undefined, events: [], epochs: [], problem: undefined, ended: false };

/** Subscribe to the job from its first event. `onChange` is called after every event except epochs, and at the end. */
export function useLive(jobId: string, onChange: () => void): Live {
  const [live, setLive] = useState(NOTHING);
  const latestOnChange = useRef(onChange);
  latestOnChange.current = onChange;

  useEffect(() => {
    const seen = new Map<string, Event>();
    const epochs = new Map<number, Epoch>();
    let cursor: string | null = null;
    let job: Live['job'];
    let frame = 0;
    setLive(NOTHING);

    const render = () => {
      frame = 0;
      const steps = [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
      setLive((old) => ({ ...old, job, events: [...seen.values()], epochs: steps }));
    };
    const receive = ({ trainingJobStatus: update }: TrainingJobStatusSubscription) => {
      ({ cursor, trainingJob: job } = update);
      const { event } = update;
      seen.set(event.id, event);
      if (event.__typename === 'EpochCompleted') epochs.set(event.epoch, event);
      else latestOnChange.current();
      frame ||= requestAnimationFrame(render);
    };
    const stop = subscribe(TrainingJobStatusDocument, () => ({ jobId, after: cursor }), {
      next: receive,
      complete: () => {
        setLive((old) => ({ ...old, ended: true }));
        latestOnChange.current();
      },
      failed: (problem) => setLive((old) => ({ ...old, problem })),
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [jobId]);

  return live;
}
