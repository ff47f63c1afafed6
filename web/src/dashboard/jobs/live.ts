/** A job as it goes: its events, each once however often the connection breaks, drawn at most once a frame. */

import { useEffect, useRef, useState } from 'preact/hooks';
import {
  TrainingJobStatusDocument,
  type TrainingJobEventFieldsFragment,
  type TrainingJobStatusSubscription,
} from '../../generated/graphql';
import { follow } from '../api';

type Update = TrainingJobStatusSubscription['trainingJobStatus'];
export type Event = TrainingJobEventFieldsFragment;
export type Epoch = Extract<Event, { __typename: 'EpochCompleted' }>;

export interface Live {
  job: Update['trainingJob'] | undefined;
  events: Event[];
  epochs: Epoch[];
  problem: Error | undefined;
  over: boolean;
}

const NOTHING: Live = { job: undefined, events: [], epochs: [], problem: undefined, over: false };

/** Follows the job from its first event; `turned` is called when its status changed or its result came. */
export function useLive(jobId: string, turned: () => void): Live {
  const [live, setLive] = useState(NOTHING);
  const heard = useRef(turned);
  heard.current = turned;

  useEffect(() => {
    const seen = new Map<string, Event>();
    const epochs = new Map<number, Epoch>();
    let cursor: string | null = null;
    let job: Live['job'];
    let frame = 0;
    setLive(NOTHING);

    const paint = () => {
      frame = 0;
      const steps = [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
      setLive((old) => ({ ...old, job, events: [...seen.values()], epochs: steps }));
    };
    const take = ({ trainingJobStatus: update }: TrainingJobStatusSubscription) => {
      ({ cursor, trainingJob: job } = update);
      const { event } = update;
      seen.set(event.id, event);
      if (event.__typename === 'EpochCompleted') epochs.set(event.epoch, event);
      else heard.current();
      frame ||= requestAnimationFrame(paint);
    };
    const stop = follow(TrainingJobStatusDocument, () => ({ jobId, after: cursor }), {
      next: take,
      complete: () => {
        setLive((old) => ({ ...old, over: true }));
        heard.current();
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
