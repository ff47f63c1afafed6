/** The viewer and the permissions of the key. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Role, ViewerQuery } from '../../generated/graphql';

export const ViewerContext = createContext<ViewerQuery['viewer'] | null>(null);

const ORDER: readonly Role[] = ['VIEWER', 'ANNOTATOR', 'TRAINER', 'ADMIN'];

/** Return whether the key's role includes a role. */
export function useHasRole(role: Role): boolean {
  const viewer = useContext(ViewerContext);
  return viewer !== null && ORDER.indexOf(viewer.role) >= ORDER.indexOf(role);
}
