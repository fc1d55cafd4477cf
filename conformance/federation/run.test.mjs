// Every suite in `suites/`: its subgraphs behind a real router, one test a case.
//
// SUITES=FOLDER takes the suites from elsewhere, ONLY=NAME,NAME some of them.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ask, startRouter } from '../lib/router.mjs';
import { serveSubgraphs } from './subgraphs.mjs';

const folder = path.resolve(process.env.SUITES ?? path.join(import.meta.dirname, 'suites'));
const only = process.env.ONLY?.split(',');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => path.basename(file, '.mjs'))
  .filter((name) => !only || only.includes(name));
assert.ok(names.length > 0, `there are no suites in ${folder}`);

for (const name of names) {
  const { default: suite } = await import(pathToFileURL(path.join(folder, `${name}.mjs`)));
  describe(name, () => {
    let subgraphs, router;
    before(async () => {
      subgraphs = await serveSubgraphs(suite.subgraphs);
      router = await startRouter(subgraphs.supergraph);
    });
    after(async () => {
      await router?.stop();
      await subgraphs?.stop();
    });
    for (const { name: title, query, data, errors } of suite.cases) {
      it(title, async () => {
        const text = typeof query === 'function' ? query() : query;
        const answer = await ask(router.url, { query: text });
        const context = `${text}\nanswered ${JSON.stringify(answer)}`;
        assert.deepEqual(answer.data ?? null, data ?? null, context);
        if (errors !== undefined) assert.equal(Boolean(answer.errors?.length), errors, context);
      });
    }
  });
}
