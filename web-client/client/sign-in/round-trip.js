import { parseObject } from '../frames.js';
import { randomText } from './pkce.js';

const KEY = 'parley.signIn.trip';
/** What providers add to the page's address; the second line is not in any standard. */
const ANSWERS = [
  'code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state',
  'scope', 'authuser', 'hd', 'prompt',
];

/**
 * The way to the provider and back: what must be known again on return lies in session storage, so
 * that an answer counts in the tab alone that asked.
 */
export class RoundTrip {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  /** Set out. @param {string} address where the page is now: path, query and fragment */
  begin(crypto, address) {
    const [state, nonce, verifier] = [0, 1, 2].map(() => randomText(crypto));
    this.#storage.setItem(KEY, JSON.stringify({ state, nonce, verifier, address }));
    return { state, nonce, verifier };
  }

  /** What this tab set out with under a `state`; undefined where it did not. */
  find(state) {
    const trip = parseObject(this.#storage.getItem(KEY));
    return typeof state === 'string' && trip?.state === state ? trip : undefined;
  }

  /** It is over, well or badly: the same answer counts no more. */
  finish() {
    this.#storage.removeItem(KEY);
  }

  /**
   * Take the provider's answer out of the page's address, at once: it is nothing to be kept in the
   * history, copied or sent on.
   * @param {{location: Location, history: History}} window
   * @returns {{state?: string, code?: string, iss?: string, error?: string} | null}
   */
  takeAnswer({ location, history }) {
    const url = new URL(location.href);
    const fields = Object.fromEntries(url.searchParams);
    if (fields.state === undefined && fields.iss === undefined) return null;
    if (fields.code === undefined && fields.error === undefined) return null;
    for (const name of ANSWERS) url.searchParams.delete(name);
    const { address = `${url.pathname}${url.search}${url.hash}` } = this.find(fields.state) ?? {};
    history.replaceState(history.state, '', address);
    const { state, code, iss, error } = fields;
    return { state, code, iss, error };
  }
}
