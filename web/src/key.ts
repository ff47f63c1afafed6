/** Bar with the API key on GraphiQL's page. */

import { storeKey, storedKey } from './session';

export const key = storedKey();

const form = find('key', HTMLFormElement);
const input = find('key-input', HTMLInputElement);
const note = find('key-note', HTMLOutputElement);

/** Show the bar: the state of the key, or the form to enter one. */
export function showKey(): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    storeKey(input.value);
    location.reload(); // schema, socket and editor use the new key
  });
  find('key-forget', HTMLButtonElement).addEventListener('click', () => requestKey('Enter another key.'));
  if (key) showNote('Requests use your API key until this tab is closed.');
  else requestKey('Enter the key that the server printed or your administrator gave you. It is stored in this tab only.');
}

/** Open the form for a key with the reason. */
export function requestKey(reason: string): void {
  form.classList.add('asking');
  showNote(reason);
  input.focus();
}

function showNote(text: string): void {
  note.value = text;
}

function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${id}.`);
  return element;
}
