const MINUTE = 60_000;
const SHARE = 0.75;

/** When tokens are to be renewed: well before their end, but not as soon as they came. */
export function renewalOf({ receivedAt, expiresAt }) {
  const lifetime = expiresAt - receivedAt;
  const wanted = Math.min(lifetime * SHARE, lifetime - MINUTE);
  return receivedAt + Math.max(wanted, lifetime / 2);
}

/** When a person is to be told that tokens, which cannot be renewed, come to their end. */
export function warningOf({ receivedAt, expiresAt }) {
  return expiresAt - Math.min(2 * MINUTE, (expiresAt - receivedAt) / 4);
}
