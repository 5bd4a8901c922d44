import { Backoff } from './backoff.js';

/** Turns of one burst overtake each other: what fills a gap is often only milliseconds behind. */
const GRACE_MS = 100;
/** A `resume` whose answer, or a part of it, was lost is asked again. */
const ANSWER_MS = 5_000;
/** A silent reply is asked about ever more rarely: its writer may just be thinking. */
const SILENCE_GROWTH = 1.5;
const LONGEST_SILENCE_MS = 60_000;
/** So long after a hole in a reply was first seen another connection is taken, if it is there yet. */
const TORN_MS = [4_000, 30_000, 120_000];

/**
 * Keeps asking, at growing intervals, for as long as a conversation is behind, or a reply is silent
 * that should be growing: it may have lost its writer, which the backend looks to when it is asked.
 */
export class Resumption {
  #conversation;
  #send;
  #clock;
  #backoff;
  #silence;
  #reconnect;
  #silences = 0;
  #tornSince = null;
  #reconnects = 0;
  #timer = null;
  #asked = false;
  #filling = false;

  /**
   * @param {object} options
   * @param {(frame: object) => boolean} options.send
   * @param {number} options.silence milliseconds after which a reply counts as silent
   * @param {() => void} options.reconnect takes a new connection
   */
  constructor({ conversation, send, clock, random, silence, reconnect }) {
    this.#conversation = conversation;
    this.#send = send;
    this.#clock = clock;
    this.#silence = silence;
    this.#reconnect = reconnect;
    this.#backoff = new Backoff({ base: 500, cap: 30_000, random });
  }

  /** Ask now, behind or not: a connection is new, or someone looks again. */
  ask() {
    this.#disarm();
    this.#arm(ANSWER_MS + this.#backoff.next());
    this.#asked = this.#send(this.#conversation.resumeFrame());
    if (!this.#asked) this.stop();
  }

  /** A frame changed the conversation: whoever writes is alive. */
  changed() {
    this.#silences = 0;
    this.#watch();
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
      this.#watch();
      return;
    }
    if (this.#isTornForGood()) {
      this.#reconnect();
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

  #watch() {
    const { behind, replying } = this.#conversation;
    if (this.#asked || (behind && this.#filling)) return;
    this.#disarm();
    if (behind) {
      this.#filling = true;
      this.#arm(GRACE_MS);
      return;
    }
    this.#backoff.reset();
    this.#tornSince = null;
    this.#reconnects = 0;
    if (replying) this.#arm(this.#patience(), () => this.#askWhy());
  }

  #askWhy() {
    this.#silences += 1;
    this.ask();
  }

  #patience() {
    const longest = Math.max(this.#silence, LONGEST_SILENCE_MS);
    return Math.min(longest, this.#silence * SILENCE_GROWTH ** this.#silences);
  }

  #isTornForGood() {
    if (!this.#conversation.torn) {
      this.#tornSince = null;
      return false;
    }
    this.#tornSince ??= this.#clock.now();
    if (this.#clock.now() - this.#tornSince < (TORN_MS[this.#reconnects] ?? Infinity)) return false;
    this.#reconnects += 1;
    return true;
  }

  #arm(wait, act = () => this.ask()) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(act, wait);
  }

  #disarm() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#filling = false;
  }
}
