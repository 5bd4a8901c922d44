/**
 * The few words that tests of JavaScript are written in. They run in the browser, one by one, as
 * test_client.py asks for them.
 */
const registered = new Map();

/** Register a test. Its name is a sentence; the body may be async. */
export function test(name, body) {
  if (registered.has(name)) throw new Error(`two tests are called ${name}`);
  registered.set(name, body);
}

/** Run one test; what it throws says what is wrong. */
export async function run(name) {
  const body = registered.get(name);
  if (body === undefined) throw new Error(`no test is called ${name}`);
  await body();
}

export function ok(value, why = 'expected something true') {
  if (!value) throw new Error(why);
}

/** Compare as JSON does, with `undefined` shown. */
export function equal(actual, expected, why = '') {
  const [got, wanted] = [actual, expected].map(describe);
  if (got !== wanted) throw new Error(`${why}\n  got      ${got}\n  expected ${wanted}`);
}

export function throws(body, kind) {
  try {
    body();
  } catch (error) {
    ok(error instanceof kind, `threw ${error}, not ${kind.name}`);
    return;
  }
  throw new Error(`threw nothing, not ${kind.name}`);
}

function describe(value) {
  return JSON.stringify(value, (_, part) => (part === undefined ? '(undefined)' : part)) ?? '(undefined)';
}

/** Numbers between 0 and 1 that a seed decides (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
