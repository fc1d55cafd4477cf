// What a case of a suite promises.
import assert from 'node:assert/strict';
import { ask } from '../lib/router.mjs';

/** What is said of a valid operation that the planner cannot plan. */
const NO_PLAN = 'the operation is valid, but the gateway found no plan for it';

/** The case's name, with the reason where it is a known gap of the planner. */
export const title = ({ name, gap }) => (gap ? `${name}, which is a known gap: ${gap}` : name);

/**
 * Asks a router at `url` what a case asks and checks the answer. A case with a `gap` has no plan, and no other answer
 * will do: where one is found, the case needs its `data`.
 */
export async function check(url, { query, data, errors, gap }) {
  const text = typeof query === 'function' ? query() : query;
  const answer = await ask(url, { query: text });
  const context = `${text}\nanswered ${JSON.stringify(answer)}`;
  if (gap) return assert.deepEqual(answer.errors?.map(({ message }) => message), [NO_PLAN], context);
  assert.deepEqual(answer.data ?? null, data ?? null, context);
  if (errors !== undefined) assert.equal(Boolean(answer.errors?.length), errors, context);
}
