const KEY = 'parley.userId';

/**
 * This tab's guest id: made once, kept in session storage. It is a bearer secret: whoever holds it
 * is this guest. A duplicated tab copies it, and both tabs then show the same conversations.
 * @param {{getItem(key: string): ?string, setItem(key: string, value: string): void}} storage
 * @param {Crypto} [crypto]
 */
export function guestId(storage, crypto = globalThis.crypto) {
  const kept = storage.getItem(KEY);
  if (isUuid4(kept)) return kept;
  const id = randomUuid(crypto);
  storage.setItem(KEY, id);
  return id;
}

/** The guest id that this tab has, or null: unlike `guestId`, it makes none. */
export function keptGuestId(storage) {
  const kept = storage.getItem(KEY);
  return isUuid4(kept) ? kept : null;
}

/** Be no guest any more. */
export function forgetGuestId(storage) {
  storage.removeItem(KEY);
}

/** A random UUID, version 4; `crypto.randomUUID` exists in secure contexts alone. */
export function randomUuid(crypto = globalThis.crypto) {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isUuid4(text) {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text ?? '');
}
