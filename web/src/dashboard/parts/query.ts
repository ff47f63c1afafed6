/** Data for a view: loaded, kept while it is loaded again, and asked for again as long as the server is away. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { TypedDocumentString } from '../../generated/graphql';
import { ask, Unreachable } from '../api';

export interface Answer<Result> {
  data: Result | undefined;
  /** Why there is no answer, or no newer one; undefined when all is well. */
  problem: Error | undefined;
  loading: boolean;
  reload: () => void;
}

const RETRY = 2_000;

/** Asks when the variables change and whenever `reload` is called; null variables: not now. */
export function useQuery<Result, Asked extends Record<string, unknown>>(
  document: TypedDocumentString<Result, Asked>,
  variables: Asked | null,
): Answer<Result> {
  const [state, setState] = useState<{ of: string; data?: Result; problem?: Error; loading: boolean }>({
    of: '',
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  const asked = variables === null ? null : JSON.stringify(variables);
  const latest = useRef(0);

  useEffect(() => {
    if (asked === null) return;
    const mine = ++latest.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const go = () => {
      setState((old) => (old.of === asked ? { ...old, loading: true } : { of: asked, loading: true }));
      ask(document, JSON.parse(asked) as Asked).then(
        (data) => mine === latest.current && setState({ of: asked, data, loading: false }),
        (problem: unknown) => {
          if (mine !== latest.current) return;
          const why = problem instanceof Error ? problem : new Error(String(problem));
          setState((old) => ({ ...old, problem: why, loading: false }));
          if (why instanceof Unreachable) timer = setTimeout(go, RETRY);
        },
      );
    };
    go();
    return () => {
      latest.current++;
      clearTimeout(timer);
    };
  }, [document, asked, turn]);

  const reload = useCallback(() => setTurn((old) => old + 1), []);
  const current = state.of === asked;
  return {
    data: current ? state.data : undefined,
    problem: current ? state.problem : undefined,
    loading: !current || state.loading,
    reload,
  };
}
