/** The states every view has: loading, failed, nothing there, not up to date. */

import type { ComponentChildren, JSX } from 'preact';
import { Unreachable } from '../api';
import { Heading } from './look';
import type { Answer } from './query';

/** Draws the answer when it is there; says honestly what is the matter when not. */
export function Shown<Result>(properties: {
  answer: Answer<Result>;
  what: string;
  /** The heading of the page as long as the answer, which brings its own, is not there. */
  heading?: string;
  children: (data: Result) => ComponentChildren;
}): JSX.Element {
  const { answer, what, heading, children } = properties;
  const failed = answer.problem && !(answer.problem instanceof Unreachable) ? answer.problem : undefined;
  if (answer.data !== undefined)
    return (
      <>
        {failed && <Failure problem={failed} what={what} again={answer.reload} />}
        {children(answer.data)}
      </>
    );
  return (
    <>
      {heading && <Heading title={heading} />}
      {failed ? (
        <Failure problem={failed} what={what} again={answer.reload} />
      ) : answer.problem ? (
        <Note title="No connection">{`${what} will be shown as soon as the server answers.`}</Note>
      ) : (
        <Loading what={what} />
      )}
    </>
  );
}

export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="bone" />
      <span class="bone" />
      <span class="bone short" />
      <span class="hint late">{`${what}: loading …`}</span>
    </div>
  );
}

function Failure(properties: { problem: Error; what: string; again: () => void }): JSX.Element {
  return (
    <div class="note bad" role="alert">
      <strong>{`${properties.what} could not be loaded.`}</strong> {properties.problem.message}{' '}
      <button type="button" class="quiet" onClick={properties.again}>
        Try again
      </button>
    </div>
  );
}

/** Nothing is there, and that is fine: what it means and what to do next. */
export function Note(properties: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="note">
      <strong>{properties.title}</strong>
      {properties.children !== undefined && <p>{properties.children}</p>}
    </div>
  );
}
