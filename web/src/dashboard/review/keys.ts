/** Single keys, for people who go through many evaluations; they can be switched off, and stay so. */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

type Letter = 'a' | 'c' | 'j' | 'k' | 'n' | 'p' | 's' | 'u' | 'x';
/** Digits tell whether they were taken; one that was not goes where the focus is by then. */
export type Keys = Record<Letter, () => void> & Record<'digit' | 'shiftDigit', (digit: number) => boolean>;

const SLOT = 'judgesmith.shortcuts';

/** Whether they are on, and a switch. Nothing is heard while somebody writes, or a dialog is open. */
export function useKeys(keys: Keys): [on: boolean, set: (on: boolean) => void] {
  const [on, setOn] = useState(localStorage.getItem(SLOT) !== 'off');
  const latest = useRef(keys);
  latest.current = keys;

  // Before the item is painted: whoever sees it can press a key.
  useLayoutEffect(() => {
    if (!on) return;
    const heard = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || writes(event.target)) return;
      const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
      if (digit !== undefined) {
        if (!(event.shiftKey ? latest.current.shiftDigit : latest.current.digit)(Number(digit))) return;
      } else if (event.key in latest.current && event.key.length === 1) latest.current[event.key as Letter]();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', heard);
    return () => document.removeEventListener('keydown', heard);
  }, [on]);

  return [
    on,
    (next) => {
      localStorage.setItem(SLOT, next ? 'on' : 'off');
      setOn(next);
    },
  ];
}

function writes(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}
