/** GraphiQL's bar with the API key: asked for once. */

import { keepKey, storedKey } from './session';

export const key = storedKey();

const form = find('key', HTMLFormElement);
const input = find('key-input', HTMLInputElement);
const note = find('key-note', HTMLOutputElement);

/** Shows the key's bar: a line with its state, or the question for one. */
export function showKey(): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keepKey(input.value);
    location.reload(); // everything starts afresh with the key: schema, socket, editor
  });
  find('key-forget', HTMLButtonElement).addEventListener('click', () => askForKey('Enter another key.'));
  if (key) say('Requests carry your API key until this tab is closed.');
  else askForKey('Enter the key that the server printed or your administrator gave you. It stays in this tab.');
}

/** Opens the question for a key and says why. */
export function askForKey(why: string): void {
  form.classList.add('asking');
  say(why);
  input.focus();
}

function say(text: string): void {
  note.value = text;
}

function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${id}.`);
  return element;
}
