/** Going through a long list page by page. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PageInfoFieldsFragment } from '../../generated/graphql';
import { count, many } from './format';

export interface PagesState {
  after: string | null;
  /** The cursors of the pages before this one. */
  passed: (string | null)[];
  next: (cursor: string) => void;
  back: () => void;
}

/** `of` names the list: another list begins with its first page. */
export function usePages(of: string): PagesState {
  const [state, setState] = useState<{ of: string; after: string | null; passed: (string | null)[] }>({ of, after: null, passed: [] });
  const { after, passed } = state.of === of ? state : { after: null, passed: [] };
  return {
    after,
    passed,
    next: (cursor) => setState({ of, after: cursor, passed: [...passed, after] }),
    back: () => setState({ of, after: passed.at(-1) ?? null, passed: passed.slice(0, -1) }),
  };
}

export function Pages(properties: {
  pages: PagesState;
  info: PageInfoFieldsFragment;
  shown: number;
  total: number;
  what: string;
}): JSX.Element | null {
  const { pages, info, shown, total, what } = properties;
  if (!pages.passed.length && !info.hasNextPage) return <p class="hint">{many(total, what)}</p>;
  return (
    <div class="row spread">
      <p class="hint">{`${count(shown)} of ${many(total, what)}, page ${pages.passed.length + 1}`}</p>
      <div class="row">
        <button type="button" class="quiet" disabled={!pages.passed.length} onClick={pages.back}>
          Previous
        </button>
        <button type="button" class="quiet" disabled={!info.hasNextPage} onClick={() => info.endCursor && pages.next(info.endCursor)}>
          Next
        </button>
      </div>
    </div>
  );
}
