/** Code points in one message. */
export const MAX_TEXT_CHARACTERS = 4_000;

/** The same text as JSON; API Gateway closes the connection above 32 KB a frame. */
export const MAX_TEXT_BYTES = 16 * 1024;

/** Characters in the title of a conversation. */
export const MAX_TITLE_CHARACTERS = 120;

/** How many code points a text has: what the backend counts. */
export function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A text that the backend takes: lone surrogates, which no person types, become U+FFFD. */
export function wellFormed(text) {
  return text.isWellFormed?.() === false ? text.toWellFormed() : text;
}

/** Whether a text may be sent as a message. */
export function fits(text) {
  if (text.trim() === '' || countCharacters(text) > MAX_TEXT_CHARACTERS) return false;
  return new TextEncoder().encode(JSON.stringify(text)).length <= MAX_TEXT_BYTES;
}
