/** Longer than a page that is being reloaded takes to let go. */
const PATIENCE_MS = 2_000;

/**
 * Whether this tab holds something alone. Duplicating a tab copies session storage, and a refresh
 * token that rotates must not be used by two: the provider takes the second for a thief.
 * @param {?LockManager} locks
 * @returns {Promise<boolean>} true also where the browser cannot tell
 */
export function holdAlone(name, locks, clock) {
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const abort = new AbortController();
    const timer = clock.setTimeout(() => abort.abort(), PATIENCE_MS);
    const hold = () => {
      clock.clearTimeout(timer);
      resolve(true);
      return new Promise(() => {}); // until the page goes
    };
    const refused = (error) => resolve(error.name !== 'AbortError');
    locks.request(name, { signal: abort.signal }, hold).catch(refused);
  });
}
