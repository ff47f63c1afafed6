/** Single-key shortcuts for reviewing. They can be switched off, and the choice is stored. */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

type Letter = 'a' | 'c' | 'j' | 'k' | 'n' | 'p' | 's' | 'u' | 'x';
/** Handlers of the keys. A digit handler returns whether it used the digit; an unused one goes to the focused field. */
export type Keys = Record<Letter, () => void> & Record<'digit' | 'shiftDigit', (digit: number) => boolean>;

const STORAGE_KEY = 'judgesmith.shortcuts';

/** Return whether shortcuts are on, and a setter. Shortcuts are inactive in text fields and open dialogs. */
export function useKeys(keys: Keys): [on: boolean, set: (on: boolean) => void] {
  const [on, setOn] = useState(localStorage.getItem(STORAGE_KEY) !== 'off');
  const latest = useRef(keys);
  latest.current = keys;

  // A layout effect runs before the item is painted, so that keys work as soon as it is visible.
  useLayoutEffect(() => {
    if (!on) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
      if (digit !== undefined) {
        if (!(event.shiftKey ? latest.current.shiftDigit : latest.current.digit)(Number(digit))) return;
      } else if (event.key in latest.current && event.key.length === 1) latest.current[event.key as Letter]();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [on]);

  return [
    on,
    (next) => {
      localStorage.setItem(STORAGE_KEY, next ? 'on' : 'off');
      setOn(next);
    },
  ];
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}
