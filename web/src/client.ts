/** Authenticated access to the GraphQL endpoint, over HTTP and over a socket. */

import { type Client, createClient } from 'graphql-ws';
import { endpoint } from './endpoint';
import { requestKey, key } from './key';

const authorization = { Authorization: `Bearer ${key}` };
const KEY_REJECTED = 'The server does not accept this key: it is mistyped, expired or revoked. Enter another one.';

/** Call `fetch` with the API key. Explicit headers take precedence. */
export async function authorizedFetch(...[address, options]: Parameters<typeof fetch>): Promise<Response> {
  const headers = new Headers(authorization);
  new Headers(options?.headers).forEach((value, name) => headers.set(name, value));
  const response = await fetch(address, { ...options, headers });
  if (response.status === 401) requestKey(KEY_REJECTED);
  return response;
}

const socket = createClient({
  url: endpoint.replace(/^http/, 'ws'),
  connectionParams: authorization,
  shouldRetry: (reason) => reason instanceof CloseEvent && !isRejection(reason),
});

/** Socket client for subscriptions, opened by the first one. A failure ends the stream with a GraphQL error. */
export const subscriptions: Client = {
  ...socket,
  subscribe: (payload, sink) =>
    socket.subscribe(payload, {
      ...sink,
      error(reason) {
        sink.next({ errors: Array.isArray(reason) ? reason : [{ message: describe(reason) }] });
        sink.complete();
      },
    }),
};

function describe(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  if (!(reason instanceof CloseEvent)) return 'The server cannot be reached.';
  if (!isRejection(reason)) return `The connection was closed: ${reason.code} ${reason.reason}`.trim();
  requestKey(KEY_REJECTED);
  return KEY_REJECTED;
}

function isRejection(reason: CloseEvent): boolean {
  return reason.code === 4401 || reason.code === 4403;
}
