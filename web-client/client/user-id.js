import { claimsOf } from './sign-in/jwt.js';

/**
 * The user id by which backends push to whom this credential is of: to show it, and no proof.
 * @param {string} credential a guest's id, or a token
 * @returns {Promise<string>}
 */
export async function userIdOf(credential, crypto = globalThis.crypto) {
  const claims = claimsOf(credential);
  if (claims !== null) return `user:${quoted(claims.iss)}:${claims.sub}`;
  const bytes = new TextEncoder().encode(credential.toLowerCase());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `guest:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** An issuer as user ids have it: its colons are none that part the id. */
function quoted(issuer) {
  return encodeURIComponent(issuer.replace(/^https:\/\//, ''))
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
