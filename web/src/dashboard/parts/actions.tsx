/** Buttons that change something: they ask once, tell what was refused, and say what was done. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { store, useStore } from './store';

export interface UserError {
  message: string;
  field: string[] | null;
  code: string;
}

const said = store('');
let silence: ReturnType<typeof setTimeout> | undefined;

/** Says for some seconds what was done, on screen and to screen readers. */
export function say(text: string): void {
  said.set(text);
  clearTimeout(silence);
  silence = setTimeout(() => said.set(''), 6_000);
}

export function Said(): JSX.Element {
  const text = useStore(said);
  return (
    <div class={text ? 'said shown' : 'said'} role="status">
      {text}
    </div>
  );
}

/** The messages of a refusal. */
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

interface Question {
  label: string;
  question: string;
  /** What it means, in the dialog. */
  children?: ComponentChildren;
  confirm: string;
  /** Ask for words to record. */
  reason?: 'optional' | 'required';
  kind?: 'danger' | 'primary' | 'quiet';
  /** Gives what was refused; an empty list closes the dialog. */
  act: (reason: string | undefined) => Promise<readonly { message: string }[]>;
  /** Called when the dialog was closed, whatever the answer. */
  closed?: () => void;
}

/** A button that opens one question; the deed is done by the answer. */
export function AskOnce(properties: Question): JSX.Element {
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
      const refused = await properties.act(reason.trim() || undefined);
      setErrors(refused);
      if (!refused.length) dialog.current?.close();
    } catch (problem) {
      setErrors([{ message: problem instanceof Error ? problem.message : String(problem) }]);
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
            properties.closed?.();
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
                <span>{properties.reason === 'required' ? 'Why?' : 'Why? (if you like)'}</span>
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
                No, leave it
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
