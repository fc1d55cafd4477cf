// What a case of a suite promises.
import assert from 'node:assert/strict';
import { ask } from '../lib/router.mjs';

/** Asks a router at `url` what a case asks and checks the answer. */
export async function check(url, { query, data, errors }) {
  const text = typeof query === 'function' ? query() : query;
  const answer = await ask(url, { query: text });
  const context = `${text}\nanswered ${JSON.stringify(answer)}`;
  assert.deepEqual(answer.data ?? null, data ?? null, context);
  if (errors !== undefined) assert.equal(Boolean(answer.errors?.length), errors, context);
}
