import { parseObject } from '../frames.js';
import { SignInFailed } from './failure.js';

const PATIENCE_MS = 10_000;
const OPTIONS = Object.freeze({
  credentials: 'omit',
  cache: 'no-store',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
});

/** Asks an OpenID provider, and takes objects for an answer. */
export class ProviderRequests {
  #fetch;
  #clock;

  constructor({ fetch, clock }) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** Read a document. @throws {SignInFailed} */
  async get(address) {
    const { ok, document } = await this.#ask(address, {});
    if (!ok || document === null) throw new SignInFailed('wrong_provider');
    return document;
  }

  /**
   * Send a form.
   * @throws {SignInFailed} `refused`, with the provider's error code as its `reason`, or others
   */
  async post(address, fields) {
    const { ok, document } = await this.#ask(address, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new URLSearchParams(fields),
    });
    if (ok && document !== null) return document;
    const failure = new SignInFailed(ok ? 'bad_answer' : 'refused');
    failure.reason = document?.error;
    throw failure;
  }

  async #ask(address, options) {
    const abort = new AbortController();
    const timer = this.#clock.setTimeout(() => abort.abort(), PATIENCE_MS);
    try {
      const response = await this.#fetch(address, { ...OPTIONS, ...options, signal: abort.signal });
      if (response.status >= 500 || response.status === 429) throw new Error('it is not well');
      return { ok: response.ok, document: parseObject(await response.text()) };
    } catch (cause) {
      throw new SignInFailed('unreachable', { cause });
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }
}
