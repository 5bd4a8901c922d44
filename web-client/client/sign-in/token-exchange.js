import { failureOf, SignInFailed } from './failure.js';
import { Provider } from './provider.js';
import { readTokens } from './tokens.js';

/** Gets tokens from a provider: for a code, and for a refresh token. */
export class TokenExchange {
  #settings;
  #redirectUri;
  #requests;
  #crypto;
  #clock;
  #provider = null;

  constructor({ settings, redirectUri, requests, crypto, clock }) {
    this.#settings = settings;
    this.#redirectUri = redirectUri;
    this.#requests = requests;
    this.#crypto = crypto;
    this.#clock = clock;
  }

  /** What the deployment wants sent with every request, beside what the standards say. */
  get parameters() {
    return Object.fromEntries(new URLSearchParams(this.#settings.parameters));
  }

  /** The provider, asked once where its endpoints are. @throws {SignInFailed} */
  async provider() {
    this.#provider ??= await Provider.discover(this.#settings.issuer, this.#requests);
    return this.#provider;
  }

  /**
   * Take the answer to a question of this tab.
   * @returns {Promise<import('./tokens.js').Tokens>}
   * @throws {SignInFailed}
   */
  async redeem({ code, error, iss }, { nonce, verifier }) {
    if (iss !== undefined && iss !== this.#settings.issuer) throw new SignInFailed('wrong_provider');
    if (error !== undefined) throw failureOf(error);
    const provider = await this.provider();
    provider.checkAnswerer(iss);
    const answer = await this.#ask(provider, {
      grant_type: 'authorization_code', code, redirect_uri: this.#redirectUri,
      code_verifier: verifier,
    }).catch((failure) => {
      throw failure.reason === 'invalid_grant' ? new SignInFailed('expired') : failure;
    });
    return this.#read(answer, { nonce });
  }

  /** Get new tokens in place of these. @throws {SignInFailed} */
  async refresh(before) {
    const form = { grant_type: 'refresh_token', refresh_token: before.refreshToken };
    return this.#read(await this.#ask(await this.provider(), form), { before });
  }

  #ask(provider, form) {
    const { clientId } = this.#settings;
    return this.#requests.post(provider.tokenEndpoint, {
      ...this.parameters, ...form, client_id: clientId,
    });
  }

  #read(answer, more) {
    const { issuer, clientId, token: use } = this.#settings;
    const [now, crypto] = [this.#clock.now(), this.#crypto];
    return readTokens(answer, { issuer, clientId, use, now, crypto, ...more });
  }
}
