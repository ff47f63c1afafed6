/** One value that several parts of the page look at. */

import { useEffect, useState } from 'preact/hooks';

export interface Store<Value> {
  get: () => Value;
  set: (value: Value) => void;
  watch: (heard: (value: Value) => void) => () => void;
}

export function store<Value>(value: Value): Store<Value> {
  const listeners = new Set<(value: Value) => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const heard of listeners) heard(next);
    },
    watch(heard) {
      listeners.add(heard);
      return () => listeners.delete(heard);
    },
  };
}

/** The store's value, drawn anew when it changes. */
export function useStore<Value>(from: Store<Value>): Value {
  const [value, setValue] = useState(from.get());
  useEffect(() => {
    setValue(from.get());
    return from.watch(setValue);
  }, [from]);
  return value;
}
