/** Router on the URL fragment, so that one file serves all views behind any prefix. */

import { useEffect, useState } from 'preact/hooks';

export type Route =
  | { view: 'judges' }
  | { view: 'judge'; id: string }
  | { view: 'review'; id: string; evaluation: string | undefined }
  | { view: 'jobs' }
  | { view: 'job'; id: string }
  | { view: 'unknown' };

export function routeOf(hash: string): Route {
  const [first = 'judges', id, third, fourth] = partsOf(hash);
  if (first === 'judges') {
    if (id === undefined) return { view: 'judges' };
    if (third === undefined) return { view: 'judge', id };
    if (third === 'review') return { view: 'review', id, evaluation: fourth };
  }
  if (first === 'jobs' && third === undefined) return id === undefined ? { view: 'jobs' } : { view: 'job', id };
  return { view: 'unknown' };
}

function partsOf(hash: string): string[] {
  const path = hash.replace(/^#?\/?/, '').replace(/\?.*/, '');
  try {
    return path.split('/').map((part) => decodeURIComponent(part)).filter(Boolean);
  } catch {
    return [path]; // an invalid escape: no view has such a name
  }
}

/** Return the absolute URL of a view. A relative one would resolve to the folder of the static files. */
export function to(...parts: string[]): string {
  return `${location.pathname}${location.search}#/${parts.map(encodeURIComponent).join('/')}`;
}

export function navigateTo(...parts: string[]): void {
  location.hash = `#/${parts.map(encodeURIComponent).join('/')}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const onHashChange = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, []);
  return route;
}
