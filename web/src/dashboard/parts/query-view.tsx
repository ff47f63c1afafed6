/** States that every view shares: loading, failed, empty, outdated. */

import type { ComponentChildren, JSX } from 'preact';
import { ServerUnreachable } from '../api';
import { Heading } from './elements';
import type { Answer } from './query';

/** Show the result of a query, or that it is loading or failed. */
export function QueryView<Result>(properties: {
  answer: Answer<Result>;
  label: string;
  /** Heading of the page until the result, which has its own heading, is loaded. */
  heading?: string;
  children: (data: Result) => ComponentChildren;
}): JSX.Element {
  const { answer, label, heading, children } = properties;
  const failed = answer.problem && !(answer.problem instanceof ServerUnreachable) ? answer.problem : undefined;
  if (answer.data !== undefined)
    return (
      <>
        {failed && <Failure problem={failed} label={label} retry={answer.reload} />}
        {children(answer.data)}
      </>
    );
  return (
    <>
      {heading && <Heading title={heading} />}
      {failed ? (
        <Failure problem={failed} label={label} retry={answer.reload} />
      ) : answer.problem ? (
        <Note title="No connection">{`${label} will be shown as soon as the server answers.`}</Note>
      ) : (
        <Loading label={label} />
      )}
    </>
  );
}

export function Loading({ label }: { label: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="skeleton" />
      <span class="skeleton" />
      <span class="skeleton short" />
      <span class="hint late">{`${label}: loading …`}</span>
    </div>
  );
}

function Failure(properties: { problem: Error; label: string; retry: () => void }): JSX.Element {
  return (
    <div class="note bad" role="alert">
      <strong>{`${properties.label} could not be loaded.`}</strong> {properties.problem.message}{' '}
      <button type="button" class="quiet" onClick={properties.retry}>
        Try again
      </button>
    </div>
  );
}

/** Note for an empty view, with the next step. */
export function Note(properties: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="note">
      <strong>{properties.title}</strong>
      {properties.children !== undefined && <p>{properties.children}</p>}
    </div>
  );
}
