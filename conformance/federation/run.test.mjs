// Every suite: its subgraphs behind a real router, one test a case.
import { after, before, describe, it } from 'node:test';
import { startRouter } from '../lib/router.mjs';
import { check, title } from './cases.mjs';
import { serveSubgraphs } from './subgraphs.mjs';
import { suites } from './suites.mjs';

for (const { name, subgraphs, cases } of suites) {
  describe(name, () => {
    let served, router;
    before(async () => {
      served = await serveSubgraphs(subgraphs);
      router = await startRouter(served.supergraph);
    });
    after(async () => {
      await router?.stop();
      await served?.stop();
    });
    for (const asked of cases) it(title(asked), () => check(router.url, asked));
  });
}
