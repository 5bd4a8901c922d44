import { Backoff } from './backoff.js';
import { NoCredential } from './credential.js';
import { parseFrame } from './frames.js';
import { Heartbeat } from './heartbeat.js';
import { leave, Succession } from './succession.js';

export const CONNECTING = 'connecting';
export const CONNECTED = 'connected';
export const OFFLINE = 'offline';
/** There is no credential to connect with, and no try is made before `reconnect`. */
export const SIGNED_OUT = 'signed-out';

/** A handshake may wait for two cold functions, the authorizer's and `$connect`'s. */
const OPEN_MS = 15_000;
/** A connection that lives this long ends a series of failures. */
const STABLE_MS = 5_000;
/** A returning person waits for the answer to a probe, so it may take less than the usual time. */
const PROBE_MS = 5_000;
/** The browser says that there is no network; it may be wrong for a backend on this machine. */
const NO_NETWORK_MS = 10_000;

/**
 * One WebSocket after another: opens, watches, and opens again for as long as it runs.
 *
 * `connecting` is the first try and the quick one after a loss; after a failed try it is `offline`,
 * and goes on trying quietly. A refused handshake (403 shows as close 1006 before open), a server
 * that closes at once and an expired credential all meet the same growing waits. Before the end that
 * every connection has, another takes its place, and the state stays `connected`.
 */
export class Connection {
  #open;
  #credential;
  #clock;
  #backoff;
  #longestWait;
  #listener;
  #heartbeat;
  #succession;
  #socket = null;
  #tries = 0;
  #state = OFFLINE;
  #running = false;
  #retryAt = null;
  #retryTimer = null;
  #phaseTimer = null;

  /**
   * @param {object} options
   * @param {(credential: string) => WebSocket} options.open makes a socket; may throw
   * @param {() => string | Promise<string>} [options.credential] asked before each try
   * @param {{state(state: string): void, frame(frame: object): void, lost(code: number): void,
   *   succeeded?: () => void}} options.listener `succeeded`: another socket is in use from now on;
   *   what was asked on the one before it is still answered
   * @param {() => number} [options.longestWait] the longest wait between two tries, milliseconds
   */
  constructor({
    open, credential = () => '', clock, random, listener,
    longestWait = () => 30_000, heartbeat = {},
  }) {
    this.#open = open;
    this.#credential = credential;
    this.#clock = clock;
    this.#backoff = new Backoff({ random });
    this.#longestWait = longestWait;
    this.#listener = listener;
    this.#heartbeat = new Heartbeat({
      ...heartbeat,
      clock,
      ping: () => this.#write({ action: 'ping' }),
      lost: () => this.#drop(1006),
    });
    this.#succession = new Succession({
      open, credential, clock, random,
      succeed: (socket, message) => this.#succeed(socket, message),
    });
  }

  get state() {
    return this.#state;
  }

  /** When the next try begins, by the clock, or null when none is waiting. */
  get retryAt() {
    return this.#retryAt;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#become(CONNECTING);
    this.#attempt();
  }

  stop() {
    this.#running = false;
    this.#detach();
    this.#become(OFFLINE);
  }

  /** Send a frame; false, and nothing sent, while there is no connection. */
  send(frame) {
    if (this.#state !== CONNECTED) return false;
    this.#write(frame);
    this.#heartbeat.sent();
    return true;
  }

  /** Take another socket in place of the present one, without a gap: this one's end is known. */
  relieve() {
    if (this.#state === CONNECTED) this.#succession.begin();
  }

  /** Leave the present socket for a new one at once: it is of no use any more. */
  reconnect() {
    if (!this.#running) return;
    const wasOpen = this.#state === CONNECTED;
    this.#detach();
    if (wasOpen) this.#listener.lost(1000);
    this.#become(CONNECTING);
    this.#attempt();
  }

  /** The backend will not go on with this socket: take another, without waiting for its close. */
  lose() {
    if (this.#state === CONNECTED) this.#drop(1000);
  }

  /** Someone is there, or the network is back: end a waiting, or make sure of a connection. */
  wake() {
    if (this.#state === CONNECTED) this.#heartbeat.probe(PROBE_MS);
    else if (this.#retryTimer !== null) this.#attempt();
  }

  /** The browser lost its network: nobody has to wait for a timeout to see that. */
  networkLost() {
    if (!this.#running || this.#state === SIGNED_OUT) return;
    const wasOpen = this.#state === CONNECTED;
    this.#detach();
    if (wasOpen) this.#listener.lost(1006);
    this.#retryAfter(NO_NETWORK_MS);
    this.#become(OFFLINE);
  }

  #attempt() {
    this.#detach();
    this.#phaseTimer = this.#clock.setTimeout(() => this.#drop(1006), OPEN_MS);
    const credential = this.#credential();
    if (typeof credential === 'string') {
      this.#connect(credential);
      return;
    }
    const attempt = this.#tries;
    credential.then(
      (text) => this.#tries === attempt && this.#connect(text),
      (error) => this.#tries === attempt && this.#failed(error),
    );
  }

  #connect(credential) {
    let socket;
    try {
      socket = this.#open(credential);
    } catch {
      this.#failed();
      return;
    }
    this.#take(socket);
    socket.onopen = () => this.#opened();
  }

  #take(socket) {
    this.#socket = socket;
    socket.onmessage = (message) => this.#received(message);
    socket.onclose = (close) => this.#drop(close.code);
  }

  #opened() {
    this.#clock.clearTimeout(this.#phaseTimer);
    this.#phaseTimer = this.#clock.setTimeout(() => this.#backoff.reset(), STABLE_MS);
    this.#heartbeat.start();
    this.#succession.plan();
    this.#become(CONNECTED);
  }

  #succeed(socket, message) {
    const old = this.#socket;
    this.#take(socket);
    this.#heartbeat.start();
    this.#succession.plan();
    this.#succession.retire(old, (late) => this.#receivedLate(late));
    this.#listener.succeeded?.();
    this.#received(message);
  }

  #received(message) {
    this.#heartbeat.heard();
    const frame = parseFrame(message.data);
    if (frame !== null) this.#listener.frame(frame);
  }

  #receivedLate(message) {
    const frame = parseFrame(message.data);
    // That the old one's credential has run out says nothing about the new one's.
    if (frame !== null && frame.code !== 'token_expired') this.#listener.frame(frame);
  }

  /** The socket is over. It is not waited for: a half-open one would keep its close for minutes. */
  #drop(code) {
    const wasOpen = this.#state === CONNECTED;
    this.#detach();
    if (!wasOpen) {
      this.#failed();
      return;
    }
    this.#listener.lost(code);
    this.#retryAfter(this.#wait());
    this.#become(CONNECTING);
  }

  #failed(error) {
    this.#detach();
    if (error instanceof NoCredential) {
      this.#become(SIGNED_OUT);
      return;
    }
    this.#retryAfter(this.#wait());
    this.#become(OFFLINE);
  }

  #wait() {
    return this.#backoff.next(this.#longestWait());
  }

  #retryAfter(wait) {
    this.#retryAt = this.#clock.now() + wait;
    this.#retryTimer = this.#clock.setTimeout(() => this.#attempt(), wait);
  }

  #detach() {
    this.#tries += 1; // What an earlier try still waits for is not wanted any more.
    this.#heartbeat.stop();
    this.#succession.stop();
    this.#clock.clearTimeout(this.#phaseTimer);
    this.#clock.clearTimeout(this.#retryTimer);
    this.#phaseTimer = this.#retryTimer = this.#retryAt = null;
    leave(this.#socket);
    this.#socket = null;
  }

  #write(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  #become(state) {
    this.#state = state;
    this.#listener.state(state);
  }
}
