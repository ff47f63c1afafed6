import { useCallback, useEffect, useRef } from 'preact/hooks';

/** The same function, called once after a burst of calls, `pause` milliseconds behind the last. */
export function useDebounced(deed: () => void, pause: number): () => void {
  const latest = useRef(deed);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  latest.current = deed;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(), pause);
  }, [pause]);
}
