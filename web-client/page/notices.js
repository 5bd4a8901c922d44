import { make } from './elements.js';

const SHOWN_MS = 8_000;

/** What went wrong, in words, for a while; said aloud by a screen reader. */
export class Notices {
  #region;

  constructor(region) {
    this.#region = region;
  }

  show(text) {
    const notice = make('p', { className: 'notice', textContent: text });
    this.#region.replaceChildren(notice);
    setTimeout(() => notice.remove(), SHOWN_MS);
  }
}

const WORDS = {
  offline: 'There is no connection now.',
  timeout: 'No answer came.',
  busy: 'A reply is still being written.',
  rate_limited: 'That was too fast.',
  not_found: 'It is not there any more.',
  too_large: 'It is too long.',
  internal_error: 'Something failed on the other side.',
};

/** A failure in a person's words. */
export function inWords({ code, message }) {
  return WORDS[code] ?? (message || 'Something went wrong.');
}
