/** Data of a view: kept while it is reloaded, and requested again while the server is unreachable. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { TypedDocumentString } from '../../generated/graphql';
import { execute, ServerUnreachable } from '../api';

export interface Answer<Result> {
  data: Result | undefined;
  /** Error of the last request; undefined if it succeeded. */
  problem: Error | undefined;
  loading: boolean;
  reload: () => void;
}

const RETRY_MS = 2_000;

/** Execute a query when its variables change and whenever `reload` is called; null variables send no request. */
export function useQuery<Result, Input extends Record<string, unknown>>(
  document: TypedDocumentString<Result, Input>,
  variables: Input | null,
): Answer<Result> {
  const [state, setState] = useState<{ of: string; data?: Result; problem?: Error; loading: boolean }>({
    of: '',
    loading: true,
  });
  const [reloads, setReloads] = useState(0);
  const serialized = variables === null ? null : JSON.stringify(variables);
  const latest = useRef(0);

  useEffect(() => {
    if (serialized === null) return;
    const request = ++latest.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = () => {
      setState((old) => (old.of === serialized ? { ...old, loading: true } : { of: serialized, loading: true }));
      execute(document, JSON.parse(serialized) as Input).then(
        (data) => request === latest.current && setState({ of: serialized, data, loading: false }),
        (problem: unknown) => {
          if (request !== latest.current) return;
          const error = problem instanceof Error ? problem : new Error(String(problem));
          setState((old) => ({ ...old, problem: error, loading: false }));
          if (error instanceof ServerUnreachable) timer = setTimeout(load, RETRY_MS);
        },
      );
    };
    load();
    return () => {
      latest.current++;
      clearTimeout(timer);
    };
  }, [document, serialized, reloads]);

  const reload = useCallback(() => setReloads((old) => old + 1), []);
  const current = state.of === serialized;
  return {
    data: current ? state.data : undefined,
    problem: current ? state.problem : undefined,
    loading: !current || state.loading,
    reload,
  };
}
