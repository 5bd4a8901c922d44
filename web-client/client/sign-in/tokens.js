import { parseObject } from '../frames.js';
import { SignInFailed } from './failure.js';
import { claimsOf } from './jwt.js';
import { randomText } from './pkce.js';

const KEY = 'parley.signIn.tokens';
/** For a token that does not say how long it lives. */
const UNKNOWN_LIFETIME_S = 300;

/**
 * What signing in brought: `credential` (what the backend is shown), `refreshToken` where there is
 * one, `receivedAt` and `expiresAt` by this machine's clock, `subject` (who it is, to a machine),
 * `person` (to people) and `hint` (to the provider).
 * @typedef {object} Tokens
 */

/**
 * Read the answer of a token endpoint.
 * @param {object} answer
 * @param {object} expected
 * @param {'access'|'id'} expected.use which token the backend is shown
 * @param {string} [expected.nonce] what an id token must repeat
 * @param {Tokens} [expected.before] what a refresh takes the place of
 * @returns {Tokens}
 * @throws {SignInFailed}
 */
export function readTokens(answer, { issuer, clientId, use, now, crypto, nonce, before }) {
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken } = answer;
  const identity = idToken === undefined ? {} : checkedIdentity(idToken, issuer, clientId, nonce);
  const credential = use === 'id' ? idToken : accessToken;
  if (typeof credential !== 'string') throw new SignInFailed('bad_answer');
  const claims = claimsOf(credential);
  if (claims === null) throw new SignInFailed('opaque_token');
  const subject = JSON.stringify([claims.iss, claims.sub]);
  if (before !== undefined && before.subject !== subject) throw new SignInFailed('bad_answer');
  return Object.freeze({
    id: before?.id ?? randomText(crypto),
    issuer, clientId, subject, credential,
    refreshToken: refreshToken ?? before?.refreshToken,
    person: nameOf(identity) ?? before?.person ?? '',
    hint: hintOf(identity) ?? before?.hint,
    receivedAt: now,
    expiresAt: now + lifetimeOf(claims, use === 'id' ? undefined : answer.expires_in, now),
  });
}

/** The tokens of this tab, across reloads. Session storage: they end with the tab. */
export class KeptTokens {
  #storage;
  #issuer;
  #clientId;

  constructor({ storage, issuer, clientId }) {
    this.#storage = storage;
    this.#issuer = issuer;
    this.#clientId = clientId;
  }

  /** @returns {Tokens | null} null also for those of another provider or client */
  read() {
    const tokens = parseObject(this.#storage.getItem(KEY));
    const isOurs = tokens?.issuer === this.#issuer && tokens.clientId === this.#clientId;
    const isWhole = typeof tokens?.credential === 'string' && Number.isFinite(tokens.expiresAt);
    return isOurs && isWhole ? Object.freeze(tokens) : null;
  }

  write(tokens) {
    this.#storage.setItem(KEY, JSON.stringify(tokens));
  }

  forget() {
    this.#storage.removeItem(KEY);
  }
}

/** Whom an id token is about, if it is meant for us (OpenID Connect Core, 3.1.3.7 and 12.2). */
function checkedIdentity(idToken, issuer, clientId, nonce) {
  const claims = claimsOf(idToken) ?? {};
  const { iss, aud, azp = clientId, sub } = claims;
  const isOurs =
    iss === issuer && [aud].flat().includes(clientId) && azp === clientId &&
    typeof sub === 'string' && sub !== '' && (nonce === undefined || claims.nonce === nonce);
  if (!isOurs) throw new SignInFailed('bad_answer');
  return claims;
}

const texts = (...values) => values.find((value) => typeof value === 'string' && value !== '');

const nameOf = ({ name, preferred_username: username, email }) => texts(name, username, email);

const hintOf = ({ email, preferred_username: username }) => texts(email, username);

/** Milliseconds; by the difference of its own times, as this machine's clock may be wrong. */
function lifetimeOf({ exp, iat }, said, now) {
  const known = [exp - (iat ?? now / 1_000), Number(said ?? NaN)].filter((seconds) => seconds > 0);
  return 1_000 * (known.length === 0 ? UNKNOWN_LIFETIME_S : Math.min(...known));
}
