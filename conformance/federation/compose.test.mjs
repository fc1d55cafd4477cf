// Every suite again, on the supergraph that `chatty schema compose` makes: one test a suite.
//
// The gaps of our composer are listed, and each must show exactly as the list says: one that closes has to leave it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, startRouter } from '../lib/router.mjs';
import { check } from './cases.mjs';
import { serveSubgraphs } from './subgraphs.mjs';
import { suites } from './suites.mjs';

/**
 * What does not compose (`refused`: what the composer says), or answers wrongly (`cases`), and why;
 * `docs/decisions/0002-composition.md` has the rules that follow.
 */
const GAPS = {
  'interface-object-with-requires': {
    why: '@external on a field of an @interfaceObject is lost',
    cases: [
      'an interface object gets what it requires and is asked again',
      'a field inside a condition waits for the type and for what it requires',
    ],
  },
  'requires-with-fragments': {
    why: '@requires with fragments is taken for unsatisfiable',
    refused: /cannot satisfy @require conditions on field "Sample\.report"/,
  },
  'union-intersection': {
    why: 'a field typed as a union here and as a member there becomes the member',
    cases: [
      'below a shared object each field has its own members',
      'below a shared object every member is completed by its key where it can be',
    ],
  },
};

async function run({ subgraphs, cases }, gap = {}) {
  const served = await serveSubgraphs(subgraphs);
  let router;
  try {
    if (gap.refused) return await assert.rejects(compose(served.services), gap.refused);
    router = await startRouter(await compose(served.services));
    const failed = [];
    for (const asked of cases) {
      await check(router.url, asked).catch((error) => {
        if (!gap.cases?.includes(asked.name)) throw error;
        failed.push(asked.name);
      });
    }
    assert.deepEqual(failed, gap.cases ?? [], 'a gap is closed: take it off the list');
  } finally {
    await router?.stop();
    await served.stop();
  }
}

for (const suite of suites) {
  const gap = GAPS[suite.name];
  test(gap ? `${suite.name}, but for a known gap: ${gap.why}` : suite.name, () => run(suite, gap));
}
