/** Puts the persisted documents, in order of their names, where the server and other frontends find them. */

import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const MANIFEST = '../frontend-queries/persisted.json';
const made = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));
const name = (text) => /\b(?:query|mutation|subscription) (\w+)/.exec(text)[1];
const ordered = Object.entries(made).sort(([, a], [, b]) => (name(a) < name(b) ? -1 : 1));
const text = `${JSON.stringify(Object.fromEntries(ordered), null, 1)}\n`;

if (readFileSync(MANIFEST, 'utf8') !== text) {
  if (process.argv.includes('--check')) {
    process.stderr.write('frontend-queries/persisted.json is not what the documents say: make codegen\n');
    process.exit(1);
  }
  writeFileSync(MANIFEST, text);
}
