/** Writes the files that other frontends and the server need next to the documents: the persisted documents, ordered by name,
 *  and the possible types of each interface for Apollo's cache. With --check it only reports whether they are up to date. */

import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { buildSchema, isAbstractType } from 'graphql';

const FOLDER = '../frontend-queries';

function persisted() {
  const made = JSON.parse(readFileSync('src/generated/persisted-documents.json', 'utf8'));
  const name = (text) => /\b(?:query|mutation|subscription) (\w+)/.exec(text)[1];
  return Object.fromEntries(Object.entries(made).sort(([, a], [, b]) => (name(a) < name(b) ? -1 : 1)));
}

function possibleTypes() {
  const schema = buildSchema(readFileSync('../schema/schema.graphql', 'utf8'));
  const named = (types) => types.map((type) => type.name).sort();
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const found = named(abstract).map((name) => [name, named(schema.getPossibleTypes(schema.getType(name)))]);
  return { possibleTypes: Object.fromEntries(found) };
}

for (const [file, content] of [
  ['persisted.json', persisted()],
  ['possible-types.json', possibleTypes()],
]) {
  const path = `${FOLDER}/${file}`;
  const text = `${JSON.stringify(content, null, 1)}\n`;
  let old = '';
  try {
    old = readFileSync(path, 'utf8');
  } catch {
    // the file does not exist yet
  }
  if (old === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`frontend-queries/${file} is outdated: run make codegen\n`);
    process.exit(1);
  }
  writeFileSync(path, text);
}
