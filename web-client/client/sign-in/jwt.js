import { parseObject } from '../frames.js';
import { textFromBase64Url } from './encoding.js';

const COMPACT = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

/**
 * What a JWT says, or null for what is none. Its signature is the backend's to verify: here it came
 * from the provider itself, over TLS (OpenID Connect Core, 3.1.3.7).
 */
export function claimsOf(token) {
  const [, claims] = COMPACT.exec(token ?? '') ?? [];
  if (claims === undefined) return null;
  try {
    return parseObject(textFromBase64Url(claims));
  } catch {
    return null;
  }
}
