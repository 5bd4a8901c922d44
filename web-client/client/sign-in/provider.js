import { SignInFailed } from './failure.js';

const LOOPBACK = /^(localhost|[\w-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * An OpenID provider, as its own document describes it
 * (https://openid.net/specs/openid-connect-discovery-1_0.html).
 */
export class Provider {
  #document;
  #allowsHttp;

  constructor(issuer, document) {
    if (document.issuer !== issuer) throw new SignInFailed('wrong_provider');
    this.#document = document;
    this.#allowsHttp = new URL(issuer).protocol === 'http:';
    const methods = document.code_challenge_methods_supported;
    if (Array.isArray(methods) && !methods.includes('S256')) throw new SignInFailed('no_pkce');
  }

  /**
   * Read where a provider's endpoints are.
   * @param {string} issuer https, or http on this machine
   * @param {ProviderRequests} requests
   * @returns {Promise<Provider>}
   * @throws {SignInFailed}
   */
  static async discover(issuer, requests) {
    requireSafe(issuer, true);
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    return new Provider(issuer, await requests.get(address));
  }

  /** Where a person signs in, with these questions asked. */
  authorization(fields) {
    return this.#address('authorization_endpoint', fields);
  }

  /** Where a code, or a refresh token, is exchanged. */
  get tokenEndpoint() {
    return this.#address('token_endpoint');
  }

  /** Where a person signs out; null where the provider has no such place. */
  endOfSession(fields) {
    if (this.#document.end_session_endpoint === undefined) return null;
    return this.#address('end_session_endpoint', fields);
  }

  /** Check who answered (RFC 9207, 2.4). @throws {SignInFailed} */
  checkAnswerer(iss) {
    const isExpected = this.#document.authorization_response_iss_parameter_supported === true;
    if (iss !== this.#document.issuer && (isExpected || iss !== undefined)) {
      throw new SignInFailed('wrong_provider');
    }
  }

  #address(name, fields = {}) {
    const url = requireSafe(this.#document[name], this.#allowsHttp);
    for (const [key, value] of Object.entries(fields)) url.searchParams.set(key, value);
    return url.href;
  }
}

/** A provider's address, if nobody can listen in on the way there. */
function requireSafe(address, allowsHttp) {
  let url;
  try {
    url = new URL(address);
  } catch {
    throw new SignInFailed('wrong_provider');
  }
  const isHere = allowsHttp && url.protocol === 'http:' && LOOPBACK.test(url.hostname);
  if (url.protocol !== 'https:' && !isHere) throw new SignInFailed('insecure_provider');
  return url;
}
