/** API Gateway closes every connection after two hours. */
const LIFETIME_MS = 7_200_000;
/** A successor opens so long before that, and a random while earlier: many clients at once would
 * meet API Gateway's limit of new connections a second. */
const LEAD_MS = 180_000;
const SPREAD_MS = 600_000;
/** A handshake may wait for two cold functions, and the first answer for another. */
const PROOF_MS = 25_000;
/** After a successor that failed: there is time for some more. */
const AGAIN_MS = 30_000;
/** API Gateway gives up on a function after 29 seconds: then every answer has come. */
const ANSWERS_MS = 35_000;

/**
 * Makes before it breaks: a second socket takes the place of one that is about to end.
 *
 * The successor counts once it has answered a `ping`; until then, and where it fails, the old one
 * stays in use. The old one is listened to until whatever was asked on it has been answered.
 */
export class Succession {
  #open;
  #credential;
  #clock;
  #random;
  #succeed;
  #tries = 0;
  #successor = null;
  #timer = null;
  #retired = null;
  #retirement = null;

  /**
   * @param {object} options
   * @param {(credential: string) => WebSocket} options.open makes a socket; may throw
   * @param {() => string | Promise<string>} options.credential asked before each try
   * @param {(socket: WebSocket, message: MessageEvent) => void} options.succeed takes the successor,
   *   with the first message that came on it
   */
  constructor({ open, credential, clock, random, succeed }) {
    this.#open = open;
    this.#credential = credential;
    this.#clock = clock;
    this.#random = random;
    this.#succeed = succeed;
  }

  /** A socket has opened: its successor is planned. */
  plan() {
    this.#give();
    this.#arm(() => this.begin(), LIFETIME_MS - LEAD_MS - this.#random() * SPREAD_MS);
  }

  /** Open a successor now. */
  begin() {
    this.#give();
    this.#arm(() => this.#failed(), PROOF_MS);
    const attempt = this.#tries;
    this.#try(attempt).catch(() => this.#tries === attempt && this.#failed());
  }

  /** Close a socket that has a successor, as soon as nothing more is to come on it. */
  retire(socket, received) {
    this.#bury();
    this.#retired = socket;
    socket.onmessage = received;
    socket.onclose = () => this.#bury();
    this.#retirement = this.#clock.setTimeout(() => this.#bury(), ANSWERS_MS);
  }

  /** There is no socket any more that could have a successor. */
  stop() {
    this.#give();
    this.#bury();
  }

  async #try(attempt) {
    const credential = await this.#credential();
    if (this.#tries === attempt) this.#prove(this.#open(credential));
  }

  #prove(socket) {
    this.#successor = socket;
    socket.onopen = () => socket.send(JSON.stringify({ action: 'ping' }));
    socket.onmessage = (message) => this.#proven(message);
    socket.onclose = () => this.#failed();
  }

  #proven(message) {
    const socket = this.#successor;
    this.#successor = null;
    this.#succeed(socket, message);
  }

  #failed() {
    this.#give();
    this.#arm(() => this.begin(), AGAIN_MS * (1 + this.#random()));
  }

  /** Give up a successor that is not proven. */
  #give() {
    this.#tries += 1; // What an earlier try still waits for is not wanted any more.
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    leave(this.#successor);
    this.#successor = null;
  }

  #bury() {
    this.#clock.clearTimeout(this.#retirement);
    this.#retirement = null;
    leave(this.#retired);
    this.#retired = null;
  }

  #arm(act, wait) {
    this.#timer = this.#clock.setTimeout(act, wait);
  }
}

/** Close a socket, and hear nothing more of it. */
export function leave(socket) {
  if (socket === null) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
}
