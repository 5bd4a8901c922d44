/**
 * Keeps an idle connection alive and finds out when it is dead.
 *
 * API Gateway closes after 10 idle minutes and sends no pings of its own; a page cannot send
 * WebSocket pings, so this is the `ping` action. A half-open socket swallows what is sent into it:
 * after anything sent, silence is questioned with a ping, and an unanswered ping ends the socket.
 */
export class Heartbeat {
  #clock;
  #ping;
  #lost;
  #idle;
  #patience;
  #idleTimer = null;
  #patienceTimer = null;

  /**
   * @param {object} options
   * @param {() => void} options.ping sends one
   * @param {() => void} options.lost the other side is gone
   * @param {number} [options.idle] milliseconds of silence before a ping
   * @param {number} [options.patience] milliseconds an answer may take
   */
  constructor({ clock, ping, lost, idle = 240_000, patience = 10_000 }) {
    this.#clock = clock;
    this.#ping = ping;
    this.#lost = lost;
    this.#idle = idle;
    this.#patience = patience;
  }

  /** Begin, with a socket that has just opened. */
  start() {
    this.heard();
  }

  stop() {
    this.#disarm();
    this.#clock.clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }

  /** A frame arrived: the other side lives. */
  heard() {
    this.stop();
    this.#idleTimer = this.#clock.setTimeout(() => this.probe(), this.#idle);
  }

  /** A frame was sent that will be answered. */
  sent() {
    if (this.#patienceTimer !== null) return;
    this.#patienceTimer = this.#clock.setTimeout(() => {
      this.#patienceTimer = null;
      this.probe();
    }, this.#patience);
  }

  /** Ask now whether the other side is there. */
  probe(patience = this.#patience) {
    this.#disarm();
    this.#patienceTimer = this.#clock.setTimeout(() => {
      this.stop();
      this.#lost();
    }, patience);
    this.#ping();
  }

  #disarm() {
    this.#clock.clearTimeout(this.#patienceTimer);
    this.#patienceTimer = null;
  }
}
