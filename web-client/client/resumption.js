import { Backoff } from './backoff.js';

/** Turns of one burst overtake each other: what fills a gap is often only milliseconds behind. */
const GRACE_MS = 100;
/** A `resume` whose answer, or a part of it, was lost is asked again. */
const ANSWER_MS = 5_000;
/** A reply that has been silent for this long may have lost its writer, or its end. */
const SILENCE_MS = 20_000;

/** Keeps asking, at growing intervals, for as long as a conversation is behind. */
export class Resumption {
  #conversation;
  #send;
  #clock;
  #backoff;
  #timer = null;
  #asked = false;
  #filling = false;

  /** @param {{send: (frame: object) => boolean}} options */
  constructor({ conversation, send, clock, random }) {
    this.#conversation = conversation;
    this.#send = send;
    this.#clock = clock;
    this.#backoff = new Backoff({ base: 500, cap: 30_000, random });
  }

  /** Ask now, behind or not: a connection is new, or someone looks again. */
  ask() {
    this.#disarm();
    this.#arm(ANSWER_MS + this.#backoff.next());
    this.#asked = this.#send(this.#conversation.resumeFrame());
    if (!this.#asked) this.stop();
  }

  /** The conversation changed. */
  changed() {
    const { behind, replying } = this.#conversation;
    if (behind && (this.#asked || this.#filling)) return;
    this.#disarm();
    if (behind) {
      this.#filling = true;
      this.#arm(GRACE_MS);
    } else {
      this.#backoff.reset();
      if (replying) this.#arm(SILENCE_MS);
    }
  }

  /** A `snapshot` was applied. `more`: others follow it; `next`: they must be asked for. */
  answered({ more, next }) {
    if (next !== undefined && this.#conversation.behind) {
      this.ask();
      return;
    }
    if (more && this.#asked && this.#conversation.behind) {
      this.#arm(ANSWER_MS);
      return;
    }
    const wasAsked = this.#asked;
    this.#asked = false;
    this.#disarm();
    if (!wasAsked || !this.#conversation.behind) {
      this.changed();
      return;
    }
    this.#filling = true;
    this.#arm(this.#backoff.next() + GRACE_MS);
  }

  /** The question failed, or nobody is interested any more. */
  stop() {
    this.#asked = false;
    this.#disarm();
    this.#conversation.disconnected();
  }

  #arm(wait) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.ask(), wait);
  }

  #disarm() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#filling = false;
  }
}
