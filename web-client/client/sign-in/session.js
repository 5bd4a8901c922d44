import { Backoff } from '../backoff.js';
import { NoCredential } from '../credential.js';
import { renewalOf, warningOf } from './lifetime.js';

/** Nobody is signed in. */
export const NOBODY = 'nobody';
export const VALID = 'valid';
/** The tokens end soon and cannot be renewed. */
export const ENDING = 'ending';
export const OVER = 'over';

/** Handshakes that must fail before tokens, which should be good, are renewed all the same. */
const MANY_FAILURES = 3;
const MINUTE = 60_000;
/** Timers of browsers count no further than 24 days. */
const LONGEST_TIMER_MS = 86_400_000;
/** What only signing in again mends. */
const FINAL = new Set(['refused', 'bad_answer', 'opaque_token']);

/**
 * Tokens over time: renewed before they end, for as long as the provider agrees.
 *
 * Events: `change` when `stage` did; `renewed` when there is a new credential.
 */
export class Session extends EventTarget {
  #kept;
  #refresh;
  #isAlone;
  #clock;
  #backoff;
  #tokens = null;
  #stage = NOBODY;
  #timer = null;
  #retryAt = null;
  #renewing = null;

  /**
   * @param {object} options
   * @param {KeptTokens} options.kept
   * @param {(tokens: Tokens) => Promise<Tokens>} options.refresh
   * @param {(id: string) => Promise<boolean>} options.isAlone whether no other tab has these tokens
   */
  constructor({ kept, refresh, isAlone, clock, random }) {
    super();
    this.#kept = kept;
    this.#refresh = refresh;
    this.#isAlone = isAlone;
    this.#clock = clock;
    this.#backoff = new Backoff({ base: 5_000, cap: MINUTE, random });
  }

  /** @returns {Tokens | null} */
  get tokens() {
    return this.#tokens;
  }

  /** `nobody`, `valid`, `ending` or `over`. */
  get stage() {
    if (this.#tokens === null) return NOBODY;
    if (this.#tokens.refreshToken !== undefined) return VALID;
    const now = this.#clock.now();
    if (now >= this.#tokens.expiresAt) return OVER;
    return now >= warningOf(this.#tokens) ? ENDING : VALID;
  }

  /** Go on with the tokens that this tab has, if it has any. */
  async restore() {
    const tokens = this.#kept.read();
    if (tokens === null) return;
    this.#tokens = tokens;
    if (tokens.refreshToken !== undefined && !(await this.#isAlone(tokens.id))) {
      this.#withoutRenewal();
    }
    this.#plan();
  }

  /** Someone has signed in. */
  begin(tokens) {
    this.#isAlone(tokens.id); // From now on it is: other tabs ask whether they are.
    this.#take(tokens);
  }

  /** Forget it all. */
  end() {
    this.#tokens = null;
    this.#kept.forget();
    this.#plan();
  }

  /** Someone is there, or the machine woke up: timers may be late. */
  wake() {
    this.#retryAt = null;
    this.#plan();
  }

  /**
   * A credential that should be good, renewed if need be. Fit for ChatClient.
   * @throws {NoCredential} someone must sign in
   * @throws {SignInFailed} the provider cannot be asked now
   */
  async credential({ expired = null, failures = 0 } = {}) {
    const tokens = this.#tokens;
    if (tokens === null) throw new NoCredential();
    if (expired === tokens.credential) this.#expireNow();
    const age = this.#clock.now() - tokens.receivedAt;
    const isOver = this.#clock.now() >= this.#tokens.expiresAt;
    const isDoubtful = failures >= MANY_FAILURES && age > MINUTE;
    if (isOver || isDoubtful) await this.#renew().catch((error) => this.#bear(error, isOver));
    if (this.#tokens === null) throw new NoCredential();
    return this.#tokens.credential;
  }

  #bear(error, isOver) {
    if (this.#tokens?.refreshToken === undefined && isOver) throw new NoCredential();
    if (isOver) throw error;
  }

  /** The backend's clock counts, not this machine's. */
  #expireNow() {
    this.#take({ ...this.#tokens, expiresAt: this.#clock.now() });
  }

  #renew() {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
      this.#plan();
    });
    return this.#renewing;
  }

  async #ask() {
    const { id, refreshToken } = this.#tokens ?? {};
    if (refreshToken === undefined) throw new NoCredential();
    try {
      const tokens = await this.#refresh(this.#tokens);
      if (this.#tokens?.id !== id) throw new NoCredential(); // signed out meanwhile
      this.#backoff.reset();
      this.#retryAt = null;
      this.#take(tokens);
      this.dispatchEvent(new CustomEvent('renewed'));
    } catch (error) {
      this.#retryAt = this.#clock.now() + 1_000 + this.#backoff.next();
      if (this.#tokens?.id === id && FINAL.has(error.code)) this.#withoutRenewal();
      throw error;
    }
  }

  #withoutRenewal() {
    const { refreshToken: _, ...tokens } = this.#tokens;
    this.#take(tokens);
  }

  #take(tokens) {
    this.#tokens = Object.freeze(tokens);
    this.#kept.write(tokens);
    this.#plan();
  }

  /** Do what is due, and see to it that what comes next is not missed. */
  #plan() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    const { stage } = this;
    const due = this.#due(stage);
    const wait = due - this.#clock.now();
    if (wait <= 0) this.#renew().catch(() => {}); // It is tried again.
    else if (wait < Infinity) {
      this.#timer = this.#clock.setTimeout(() => this.#plan(), Math.min(wait, LONGEST_TIMER_MS));
    }
    if (stage === this.#stage) return;
    this.#stage = stage;
    this.dispatchEvent(new CustomEvent('change'));
  }

  /** When something is to happen: a renewal, or another stage. */
  #due(stage) {
    if (this.#tokens === null || this.#renewing !== null || stage === OVER) return Infinity;
    if (this.#tokens.refreshToken !== undefined) return this.#retryAt ?? renewalOf(this.#tokens);
    return stage === ENDING ? this.#tokens.expiresAt : warningOf(this.#tokens);
  }
}
