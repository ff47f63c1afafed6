/** Asking and following: typed documents over HTTP and over one socket, which comes back by itself. */

import { type Client, createClient } from 'graphql-ws';
import type { TypedDocumentString } from '../generated/graphql';
import { forgetKey, storedKey } from '../session';
import { store } from './parts/store';

type Variables = Record<string, unknown>;

/** The server answered, and refused: a wrong argument, a missing role, a fault of its own. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** No answer came: the network is down, or the server is. */
export class Unreachable extends Error {}

/** `online` while answers come; `offline` since one did not. `keyProblem` says why the key must be asked for. */
export const connection = store<'online' | 'offline'>('online');
export const keyProblem = store<string | null>(storedKey() ? null : '');

/** Beside the folder of the static files, wherever the server puts that. */
export const endpoint = new URL('../graphql', document.baseURI).href;

const WRONG_KEY = 'The server does not accept this key: it is mistyped, expired or revoked.';
const TIMEOUT = 60_000; // a learning curve takes its time

export async function ask<Result, Asked extends Variables>(
  document: TypedDocumentString<Result, Asked>,
  variables: Asked,
): Promise<Result> {
  const answer = await send(JSON.stringify({ query: document.toString(), variables }));
  if (answer.status === 401) {
    askForKey(WRONG_KEY);
    throw new Refused(WRONG_KEY, 'UNAUTHENTICATED');
  }
  if (answer.status === 429) throw new Refused('Too many requests: wait a moment.', 'RATE_LIMITED');
  const body = await read(answer);
  const problem = body.errors?.[0];
  if (problem) throw new Refused(problem.message, problem.extensions?.code ?? 'INTERNAL');
  return body.data as Result;
}

interface Body {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string } }[];
}

async function send(body: string): Promise<Response> {
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${storedKey()}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.status >= 502 && answer.status <= 504) throw new Error(`The gateway says ${answer.status}.`);
    connection.set('online');
    return answer;
  } catch {
    connection.set('offline');
    throw new Unreachable('The server cannot be reached.');
  }
}

async function read(answer: Response): Promise<Body> {
  try {
    return (await answer.json()) as Body;
  } catch {
    throw new Refused(`The server answered ${answer.status} without saying why.`, 'INTERNAL');
  }
}

/** Shows the question for a key; everything that was open with the old one is closed by a fresh start. */
export function askForKey(why: string): void {
  forgetKey();
  keyProblem.set(why);
}

let socket: Client | undefined;

function open(): Client {
  socket ??= createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams: () => ({ Authorization: `Bearer ${storedKey()}` }),
    keepAlive: 10_000, // a connection that died in silence is noticed
    retryAttempts: 0, // `follow` comes back by itself, with its own cursor
    on: { connected: () => connection.set('online') },
  });
  return socket;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000;

/**
 * Follows a subscription until it completes or is stopped. After a lost connection it subscribes again with the
 * variables of that moment, so a caller who puts its last cursor in them misses nothing and hears nothing twice.
 */
export function follow<Result, Asked extends Variables>(
  document: TypedDocumentString<Result, Asked>,
  variables: () => Asked,
  on: { next: (result: Result) => void; complete?: () => void; failed: (why: Error) => void },
): () => void {
  let stopped = false;
  let pause = FIRST_PAUSE;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let end: () => void = () => undefined;

  function again(): void {
    if (stopped) return;
    connection.set('offline');
    timer = setTimeout(begin, pause * (0.75 + Math.random() / 2)); // not all tabs at the same moment
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  function begin(): void {
    end = open().subscribe<Result>(
      { query: document.toString(), variables: variables() },
      {
        next({ data, errors }) {
          if (stopped) return;
          pause = FIRST_PAUSE;
          if (errors?.[0]) on.failed(new Refused(errors[0].message, 'INTERNAL'));
          else if (data) on.next(data);
        },
        error(reason) {
          if (stopped) return;
          if (Array.isArray(reason)) on.failed(new Refused((reason[0] as Error | undefined)?.message ?? '', 'INVALID'));
          else if (reason instanceof CloseEvent && (reason.code === 4401 || reason.code === 4403)) askForKey(WRONG_KEY);
          else again();
        },
        complete: () => {
          if (!stopped) on.complete?.();
        },
      },
    );
  }

  begin();
  return () => {
    stopped = true;
    clearTimeout(timer);
    end();
  };
}
