import { setText } from './elements.js';

/** Long enough for every screen reader to take it; after that it would only be read twice. */
const KEPT_MS = 5_000;

/**
 * Speaks to who listens. A reply is spoken when it is complete: told of every word while it is
 * being written, a screen reader would begin again and again.
 */
export class Speech {
  #region;
  #timer = null;

  /** @param {Element} region a live region that nobody sees */
  constructor(region) {
    this.#region = region;
  }

  say(text) {
    clearTimeout(this.#timer);
    setText(this.#region, text);
    this.#timer = setTimeout(() => setText(this.#region, ''), KEPT_MS);
  }
}
