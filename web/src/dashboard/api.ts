/** GraphQL client: typed documents over HTTP, and subscriptions over one socket that reconnects automatically. */

import { type Client, createClient } from 'graphql-ws';
import { endpoint } from '../endpoint';
import type { TypedDocumentString } from '../generated/graphql';
import { forgetKey, storedKey } from '../session';
import { store } from './parts/store';

type Variables = Record<string, unknown>;

/** An error response of the server: invalid arguments, a missing role, or an internal error. */
export class RequestRejected extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** No response: the network or the server is down. */
export class ServerUnreachable extends Error {}

/** `offline` since the last request without a response. `keyProblem` is the reason to request a key, or null. */
export const connection = store<'online' | 'offline'>('online');
export const keyProblem = store<string | null>(storedKey() ? null : '');

const WRONG_KEY = 'The server does not accept this key: it is mistyped, expired or revoked.';
const TIMEOUT_MS = 60_000; // a learning curve takes seconds

/** Execute a query or mutation and return its data. */
export async function execute<Result, Input extends Variables>(
  document: TypedDocumentString<Result, Input>,
  variables: Input,
): Promise<Result> {
  const response = await post(JSON.stringify({ query: document.toString(), variables }));
  if (response.status === 401) {
    requestKey(WRONG_KEY);
    throw new RequestRejected(WRONG_KEY, 'UNAUTHENTICATED');
  }
  if (response.status === 429) throw new RequestRejected('Too many requests: wait a moment.', 'RATE_LIMITED');
  const body = await parseBody(response);
  const problem = body.errors?.[0];
  if (problem) throw new RequestRejected(problem.message, problem.extensions?.code ?? 'INTERNAL');
  return body.data as Result;
}

interface Body {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string } }[];
}

async function post(body: string): Promise<Response> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${storedKey()}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 502 && response.status <= 504) throw new Error(`Gateway error ${response.status}.`);
    connection.set('online');
    return response;
  } catch {
    connection.set('offline');
    throw new ServerUnreachable('The server cannot be reached.');
  }
}

async function parseBody(response: Response): Promise<Body> {
  try {
    return (await response.json()) as Body;
  } catch {
    throw new RequestRejected(`The server answered with status ${response.status} and no reason.`, 'INTERNAL');
  }
}

/** Show the form for an API key. The page reloads with the new key, which closes all connections of the old one. */
export function requestKey(reason: string): void {
  forgetKey();
  keyProblem.set(reason);
}

let socket: Client | undefined;

function openSocket(): Client {
  socket ??= createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams: () => ({ Authorization: `Bearer ${storedKey()}` }),
    keepAlive: 10_000, // detects a dead connection
    retryAttempts: 0, // `subscribe` reconnects with its own cursor
    on: { connected: () => connection.set('online') },
  });
  return socket;
}

const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 8_000;

/**
 * Subscribe until the operation completes or the returned function is called. After a lost connection, subscribe again
 * with the current variables: a caller that puts its last cursor into them receives every event exactly once.
 */
export function subscribe<Result, Input extends Variables>(
  document: TypedDocumentString<Result, Input>,
  variables: () => Input,
  on: { next: (result: Result) => void; complete?: () => void; failed: (reason: Error) => void },
): () => void {
  let stopped = false;
  let pause = MIN_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe: () => void = () => undefined;

  function reconnect(): void {
    if (stopped) return;
    connection.set('offline');
    timer = setTimeout(connect, pause * (0.75 + Math.random() / 2)); // spreads the reconnects of several tabs
    pause = Math.min(pause * 2, MAX_PAUSE_MS);
  }

  function connect(): void {
    unsubscribe = openSocket().subscribe<Result>(
      { query: document.toString(), variables: variables() },
      {
        next({ data, errors }) {
          if (stopped) return;
          pause = MIN_PAUSE_MS;
          if (errors?.[0]) on.failed(new RequestRejected(errors[0].message, 'INTERNAL'));
          else if (data) on.next(data);
        },
        error(reason) {
          if (stopped) return;
          if (Array.isArray(reason)) on.failed(new RequestRejected((reason[0] as Error | undefined)?.message ?? '', 'INVALID'));
          else if (reason instanceof CloseEvent && (reason.code === 4401 || reason.code === 4403)) requestKey(WRONG_KEY);
          else reconnect();
        },
        complete: () => {
          if (!stopped) on.complete?.();
        },
      },
    );
  }

  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}
