/** The way to the GraphQL endpoint, with the API key, over HTTP and over the socket. */

import { type Client, createClient } from 'graphql-ws';
import { askForKey, key } from './key';

/** Beside the folder of the static files, wherever the server puts that. */
export const endpoint = new URL('../graphql', document.baseURI).href;

const authorization = { Authorization: `Bearer ${key}` };
const REFUSED = 'The server does not accept this key: it is mistyped, expired or revoked. Enter another one.';

/** `fetch` with the key; headers set by hand win. */
export async function authorizedFetch(...[address, options]: Parameters<typeof fetch>): Promise<Response> {
  const headers = new Headers(authorization);
  new Headers(options?.headers).forEach((value, name) => headers.set(name, value));
  const response = await fetch(address, { ...options, headers });
  if (response.status === 401) askForKey(REFUSED);
  return response;
}

const socket = createClient({
  url: endpoint.replace(/^http/, 'ws'),
  connectionParams: authorization,
  shouldRetry: (reason) => reason instanceof CloseEvent && !isRefusal(reason),
});

/** The socket for subscriptions, opened by the first one; a failure ends the stream as a GraphQL error. */
export const subscriptions: Client = {
  ...socket,
  subscribe: (payload, sink) =>
    socket.subscribe(payload, {
      ...sink,
      error(reason) {
        sink.next({ errors: Array.isArray(reason) ? reason : [{ message: explain(reason) }] });
        sink.complete();
      },
    }),
};

function explain(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  if (!(reason instanceof CloseEvent)) return 'The server cannot be reached.';
  if (!isRefusal(reason)) return `The connection was closed: ${reason.code} ${reason.reason}`.trim();
  askForKey(REFUSED);
  return REFUSED;
}

function isRefusal(reason: CloseEvent): boolean {
  return reason.code === 4401 || reason.code === 4403;
}
