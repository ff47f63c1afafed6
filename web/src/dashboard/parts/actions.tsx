/** Buttons that change something: they ask for confirmation, show errors, and report the result. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { store, useStore } from './store';

export interface UserError {
  message: string;
  field: string[] | null;
  code: string;
}

const message = store('');
let hideTimer: ReturnType<typeof setTimeout> | undefined;

/** Show a message for some seconds, also to screen readers. */
export function showMessage(text: string): void {
  message.set(text);
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => message.set(''), 6_000);
}

export function StatusMessage(): JSX.Element {
  const text = useStore(message);
  return (
    <div class={text ? 'status-message shown' : 'status-message'} role="status">
      {text}
    </div>
  );
}

/** Return the message of a caught error. */
export function messageOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}

/** List of error messages. */
export function Problems({ errors }: { errors: readonly { message: string }[] }): JSX.Element | null {
  if (!errors.length) return null;
  return (
    <div role="alert">
      <ul class="problems">
        {errors.map((error) => (
          <li key={error.message}>{error.message}</li>
        ))}
      </ul>
    </div>
  );
}

interface Confirmation {
  label: string;
  question: string;
  /** Explanation in the dialog. */
  children?: ComponentChildren;
  confirm: string;
  /** Ask for a reason to record. */
  reason?: 'optional' | 'required';
  kind?: 'danger' | 'primary' | 'quiet';
  /** Perform the action and return its errors; an empty list closes the dialog. */
  act: (reason: string | undefined) => Promise<readonly { message: string }[]>;
  /** Called when the dialog was closed. */
  onClose?: () => void;
}

/** Button that opens a confirmation dialog and performs an action. */
export function ConfirmButton(properties: Confirmation): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState('');
  const [errors, setErrors] = useState<readonly { message: string }[]>([]);
  const id = useId();

  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);

  async function act(): Promise<void> {
    setBusy(true);
    try {
      const rejected = await properties.act(reason.trim() || undefined);
      setErrors(rejected);
      if (!rejected.length) dialog.current?.close();
    } catch (problem) {
      setErrors([{ message: messageOf(problem) }]);
    }
    setBusy(false);
  }

  return (
    <>
      <button type="button" class={properties.kind ?? 'quiet'} onClick={() => setOpen(true)}>
        {properties.label}
      </button>
      {open && (
        <dialog
          ref={dialog}
          aria-labelledby={`${id}-question`}
          onClose={() => {
            setOpen(false);
            setErrors([]);
            properties.onClose?.();
          }}
        >
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void act();
            }}
          >
            <h2 id={`${id}-question`}>{properties.question}</h2>
            {properties.children}
            {properties.reason && (
              <label class="field">
                <span>{properties.reason === 'required' ? 'Reason' : 'Reason (optional)'}</span>
                <input
                  value={reason}
                  required={properties.reason === 'required'}
                  onInput={(event) => setReason(event.currentTarget.value)}
                />
              </label>
            )}
            <Problems errors={errors} />
            <div class="row end">
              <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
                No
              </button>
              <button class={properties.kind === 'danger' ? 'danger' : 'primary'} disabled={busy}>
                {properties.confirm}
              </button>
            </div>
          </form>
        </dialog>
      )}
    </>
  );
}
