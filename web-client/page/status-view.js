import { CONNECTED, CONNECTING, OFFLINE, SIGNED_OUT } from '../client/chat-client.js';
import { setText } from './elements.js';

const NAMES = { [CONNECTING]: 'Connecting', [CONNECTED]: 'Connected', [OFFLINE]: 'Offline' };
/** States that explain themselves, or are explained elsewhere. */
const PLAIN = new Set([CONNECTED, SIGNED_OUT]);
/** Shorter interruptions pass without a word besides the status. */
const PATIENCE_MS = 1_500;

/** Shows whether there is a connection, and after a moment what that means. */
export class StatusView {
  #status;
  #explanation;
  #text;
  #tryNow;
  #timer = null;
  #say = () => {};
  #retryAt = () => null;

  constructor({ status, explanation, text, tryNow }) {
    this.#status = status;
    this.#explanation = explanation;
    this.#text = text;
    this.#tryNow = tryNow;
  }

  /** @param {() => ?number} retryAt when the next try begins */
  show(state, retryAt) {
    this.#retryAt = retryAt;
    this.#name(state);
    if (PLAIN.has(state)) {
      this.#beQuiet();
      this.#explanation.hidden = true;
    } else this.#sayInAMoment(() => this.#explain(state));
  }

  /** Say, after a moment, what is being done before there is a chat. */
  wait(text, state = CONNECTING) {
    this.#name(state === CONNECTED ? CONNECTING : state);
    this.#sayInAMoment(() => {
      setText(this.#text, text);
      this.#explanation.hidden = false;
      this.#tryNow.hidden = true;
    });
  }

  /** Say why nothing works at all. */
  fail(text) {
    this.#beQuiet();
    this.#name(OFFLINE);
    setText(this.#text, text);
    this.#explanation.hidden = false;
    this.#tryNow.hidden = false;
  }

  #name(state) {
    const shown = state === SIGNED_OUT ? OFFLINE : state;
    setText(this.#status, NAMES[shown]);
    this.#status.dataset.state = shown;
  }

  /** A try that fails is no new interruption: what is said goes on, and a moment does not begin anew. */
  #sayInAMoment(say) {
    this.#say = say;
    if (!this.#explanation.hidden) {
      this.#beQuiet();
      say();
    } else this.#timer ??= setTimeout(() => this.#say(), PATIENCE_MS);
  }

  #beQuiet() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #explain(state) {
    const left = Math.ceil(((this.#retryAt() ?? 0) - Date.now()) / 1000);
    const next = left > 1 ? `Trying again in ${left} seconds.` : 'Trying to connect.';
    const why = state === OFFLINE
      ? `No connection. What you write is kept and sent later. ${next}`
      : 'Connecting. What you write is kept and sent as soon as there is a connection.';
    setText(this.#text, why);
    this.#explanation.hidden = false;
    this.#tryNow.hidden = left <= 1;
    this.#timer = setTimeout(() => this.#explain(state), 1_000);
  }
}
