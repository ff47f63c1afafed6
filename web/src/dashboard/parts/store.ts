/** Observable value shared by parts of the page. */

import { useEffect, useState } from 'preact/hooks';

export interface Store<Value> {
  get: () => Value;
  set: (value: Value) => void;
  watch: (listener: (value: Value) => void) => () => void;
}

export function store<Value>(value: Value): Store<Value> {
  const listeners = new Set<(value: Value) => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener(next);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return the store's value and render again when it changes. */
export function useStore<Value>(from: Store<Value>): Value {
  const [value, setValue] = useState(from.get());
  useEffect(() => {
    setValue(from.get());
    return from.watch(setValue);
  }, [from]);
  return value;
}
