// Every suite again, on the supergraph that `chatty schema compose` makes: one test a suite.
//
// The gaps of our composer are listed; a suite that no longer fails has to leave the list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, startRouter } from '../lib/router.mjs';
import { check } from './cases.mjs';
import { serveSubgraphs } from './subgraphs.mjs';
import { suites } from './suites.mjs';

/** Suites that fail on our own supergraph, and why; `docs/decisions/0002-composition.md` has the rules that follow. */
const GAPS = new Map([
  ['interface-object-with-requires', '@external on a field of an @interfaceObject is lost'],
  ['requires-with-fragments', '@requires with fragments is taken for unsatisfiable'],
  ['union-intersection', 'a field typed as a union here and as a member there becomes the member'],
]);

for (const { name, subgraphs, cases } of suites) {
  const gap = GAPS.get(name);
  test(gap ? `${name}: a known gap, ${gap}` : name, async () => {
    const served = await serveSubgraphs(subgraphs);
    let router;
    try {
      const all = async () => {
        router = await startRouter(await compose(served.services));
        for (const asked of cases) await check(router.url, asked);
      };
      if (gap) await assert.rejects(all, 'the gap is closed: take the suite off the list');
      else await all();
    } finally {
      await router?.stop();
      await served.stop();
    }
  });
}
