import { make } from './elements.js';

const SHOWN_MS = 8_000;

/** What went wrong, in words, for a while; said aloud by a screen reader. */
export class Notices {
  #region;

  constructor(region) {
    this.#region = region;
  }

  /** @param {object} [failure] what went wrong, where it has a reference to be quoted */
  show(text, failure = {}) {
    const notice = make('p', { className: 'notice' }, text, ...referenceOf(failure));
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

/** What a person quotes to whoever runs this, for it to be found there; empty where unknown. */
export function referenceWords({ correlationId }) {
  return correlationId === undefined ? '' : `Reference: ${correlationId}`;
}

/** The same as an element to put beside the words; none where unknown. */
export function referenceOf(failure) {
  const words = referenceWords(failure);
  return words === '' ? [] : [make('small', { className: 'reference' }, words)];
}

/** A failure in a person's words. */
export function inWords({ code, message }) {
  return WORDS[code] ?? (message || 'Something went wrong.');
}
