// Reads the suites: the modules in `suites/`.
//
// SUITES=FOLDER takes them from elsewhere, ONLY=NAME,NAME some of them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = path.resolve(process.env.SUITES ?? path.join(import.meta.dirname, 'suites'));
const only = process.env.ONLY?.split(',');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => path.basename(file, '.mjs'))
  .filter((name) => !only || only.includes(name));
assert.ok(names.length > 0, `there are no suites in ${folder}`);

/** `[{ name, subgraphs, cases }]` */
export const suites = await Promise.all(
  names.map(async (name) => ({ name, ...(await import(pathToFileURL(path.join(folder, `${name}.mjs`)))).default })),
);
