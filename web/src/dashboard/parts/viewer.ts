/** Who looks at the page, and what the key may do. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, ViewerQuery } from '../../generated/graphql';

export const ViewerContext = createContext<ViewerQuery['viewer'] | null>(null);

const ORDER: readonly Role[] = ['VIEWER', 'ANNOTATOR', 'TRAINER', 'ADMIN'];

/** Whether the key's role includes this one; what it doesn't is not offered. */
export function useMay(role: Role): boolean {
  const viewer = useContext(ViewerContext);
  return viewer !== null && ORDER.indexOf(viewer.role) >= ORDER.indexOf(role);
}
