/** Puts the persisted documents, in order of their names, where the server and other frontends find them. */

import { readFileSync, writeFileSync } from 'node:fs';

const made = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));
const name = (text) => /\b(?:query|mutation|subscription) (\w+)/.exec(text)[1];
const ordered = Object.entries(made).sort(([, a], [, b]) => (name(a) < name(b) ? -1 : 1));
writeFileSync('../frontend-queries/persisted.json', `${JSON.stringify(Object.fromEntries(ordered), null, 1)}\n`);
