import { toBase64Url } from './encoding.js';
import { SignInFailed } from './failure.js';

/** A text that nobody can guess: 256 random bits, as `state`, `nonce` and verifiers are. */
export function randomText(crypto) {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * The challenge to a verifier, S256 (RFC 7636, 4.2).
 * @returns {Promise<string>}
 * @throws {SignInFailed} `insecure_page`: browsers have `crypto.subtle` in secure contexts alone
 */
export async function challengeTo(verifier, crypto) {
  if (crypto.subtle === undefined) throw new SignInFailed('insecure_page');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return toBase64Url(new Uint8Array(digest));
}
