import { systemClock } from '../clock.js';
import { SignInFailed } from './failure.js';
import { challengeTo } from './pkce.js';
import { ProviderRequests } from './provider-requests.js';
import { RoundTrip } from './round-trip.js';
import { Session } from './session.js';
import { holdAlone } from './sole-holder.js';
import { TokenExchange } from './token-exchange.js';
import { KeptTokens } from './tokens.js';

export { SignInFailed } from './failure.js';
export { RoundTrip } from './round-trip.js';
export { ENDING, NOBODY, OVER, VALID } from './session.js';

const DEFAULTS = { scope: 'openid', token: 'access', parameters: '' };
/** Cognito signs out by parameters of its own (its documentation, "Logout endpoint"). */
const COGNITO = 'https://cognito-idp.';

/**
 * Signs a person in at an OpenID provider: Authorization Code with PKCE, for pages without a secret
 * (RFC 6749, RFC 7636, OpenID Connect Core). Tokens lie in session storage and go into no address.
 *
 * Events: `change` when `stage` did; `renewed` when there is a new credential.
 */
export class SignIn extends EventTarget {
  #settings;
  #redirectUri;
  #navigate;
  #forget;
  #crypto;
  #trip;
  #exchange;
  #session;

  /**
   * @param {object} options
   * @param {{issuer: string, clientId: string, scope?: string, token?: 'access'|'id',
   *   parameters?: string}} options.settings as `signIn` of config.json
   * @param {string} options.redirectUri this page's address, as the provider knows it
   * @param {{getItem: Function, setItem: Function, removeItem: Function}} options.storage this tab's
   * @param {() => void} [options.forget] drop what else this tab keeps: someone else comes now
   * @param {(address: string) => void} [options.navigate]
   * @param {?LockManager} [options.locks]
   */
  constructor({
    settings, redirectUri, storage, forget = () => {},
    navigate = (address) => globalThis.location.assign(address),
    fetch = globalThis.fetch.bind(globalThis), crypto = globalThis.crypto,
    clock = systemClock, random = Math.random, locks = globalThis.navigator?.locks,
  }) {
    super();
    this.#settings = { ...DEFAULTS, ...settings };
    this.#redirectUri = redirectUri;
    this.#navigate = navigate;
    this.#forget = forget;
    this.#crypto = crypto;
    this.#trip = new RoundTrip(storage);
    this.#exchange = new TokenExchange({
      settings: this.#settings, requests: new ProviderRequests({ fetch, clock }),
      redirectUri, crypto, clock,
    });
    this.#session = new Session({
      kept: new KeptTokens({ storage, ...this.#settings }),
      refresh: (tokens) => this.#exchange.refresh(tokens),
      isAlone: (id) => holdAlone(`parley.signIn.${id}`, locks, clock),
      clock, random,
    });
    for (const type of ['change', 'renewed']) {
      this.#session.addEventListener(type, () => this.dispatchEvent(new CustomEvent(type)));
    }
  }

  /** `nobody`, `valid`, `ending` (it cannot be renewed: ask the person) or `over`. */
  get stage() {
    return this.#session.stage;
  }

  /** Who is signed in, in words, as far as the provider says; else ''. */
  get person() {
    return this.#session.tokens?.person ?? '';
  }

  /** Go on with what this tab has. */
  restore() {
    return this.#session.restore();
  }

  /** Someone is there, or the machine woke up. */
  wake() {
    this.#session.wake();
  }

  /** What to show to the backend: fit for ChatClient. */
  credential = (doubts) => this.#session.credential(doubts);

  /**
   * Leave for the provider.
   * @param {string} [address] where in this page to come back to: path, query and fragment
   * @throws {SignInFailed}
   */
  async begin(address) {
    const { clientId, scope } = this.#settings;
    const { state, nonce, verifier } = this.#trip.begin(this.#crypto, address);
    const challenge = await challengeTo(verifier, this.#crypto);
    const provider = await this.#exchange.provider();
    const hint = this.#session.tokens?.hint;
    this.#navigate(provider.authorization({
      ...(hint === undefined ? {} : { login_hint: hint }),
      ...this.#exchange.parameters,
      response_type: 'code', client_id: clientId, redirect_uri: this.#redirectUri,
      scope, state, nonce, code_challenge: challenge, code_challenge_method: 'S256',
    }));
  }

  /**
   * Take the provider's answer, as RoundTrip.takeAnswer found it. After `unreachable` the same may
   * be tried again.
   * @throws {SignInFailed}
   */
  async complete(answer) {
    const trip = this.#trip.find(answer.state);
    if (trip === undefined) throw new SignInFailed('unknown_answer');
    const tokens = await this.#exchange.redeem(answer, trip).catch((error) => {
      if (error.code !== 'unreachable') this.#trip.finish();
      throw error;
    });
    this.#trip.finish();
    const before = this.#session.tokens;
    if (before !== null && before.subject !== tokens.subject) this.#forget();
    this.#session.begin(tokens);
  }

  /** Forget everything, and leave for the provider's end of the session, or for a fresh page. */
  async signOut() {
    const fields = this.#farewell();
    this.#session.end();
    this.#forget();
    const provider = await this.#exchange.provider().catch(() => null);
    this.#navigate(provider?.endOfSession(fields) ?? this.#redirectUri);
  }

  #farewell() {
    const { issuer, clientId } = this.#settings;
    if (issuer.startsWith(COGNITO)) return { client_id: clientId, logout_uri: this.#redirectUri };
    // Not `id_token_hint`: no token goes into an address. A provider may ask whether it is meant.
    return { client_id: clientId, post_logout_redirect_uri: this.#redirectUri };
  }
}
