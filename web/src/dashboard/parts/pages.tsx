/** Paging of long lists by cursor. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PageInfoFieldsFragment } from '../../generated/graphql';
import { count, plural } from './format';

export interface PagesState {
  after: string | null;
  /** Cursors of the previous pages. */
  previous: (string | null)[];
  next: (cursor: string) => void;
  back: () => void;
}

/** Return the paging state of the list named `of`. Another name starts at the first page. */
export function usePages(of: string): PagesState {
  const [state, setState] = useState<{ of: string; after: string | null; previous: (string | null)[] }>({ of, after: null, previous: [] });
  const { after, previous } = state.of === of ? state : { after: null, previous: [] };
  return {
    after,
    previous,
    next: (cursor) => setState({ of, after: cursor, previous: [...previous, after] }),
    back: () => setState({ of, after: previous.at(-1) ?? null, previous: previous.slice(0, -1) }),
  };
}

export function Pages(properties: {
  pages: PagesState;
  info: PageInfoFieldsFragment;
  shown: number;
  total: number;
  noun: string;
}): JSX.Element | null {
  const { pages, info, shown, total, noun } = properties;
  if (!pages.previous.length && !info.hasNextPage) return <p class="hint">{plural(total, noun)}</p>;
  return (
    <div class="row spread">
      <p class="hint">{`${count(shown)} of ${plural(total, noun)}, page ${count(pages.previous.length + 1)}`}</p>
      <div class="row">
        <button type="button" class="quiet" disabled={!pages.previous.length} onClick={pages.back}>
          Previous
        </button>
        <button type="button" class="quiet" disabled={!info.hasNextPage} onClick={() => info.endCursor && pages.next(info.endCursor)}>
          Next
        </button>
      </div>
    </div>
  );
}
