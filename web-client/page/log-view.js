import { WAITING } from '../client/chat-client.js';
import { arrange, make } from './elements.js';
import { ReplyView, TextView } from './half-view.js';
import { Scrolling } from './scrolling.js';
import { dayOf } from './times.js';

/** How long a sent message may go unanswered before a sign that something is being done. */
const TYPING_AFTER_MS = 600;

/** The turns of one conversation, and what is on its way, as a scrolled list of articles. */
export class LogView {
  #log;
  #turns;
  #empty;
  #earlier;
  #typing;
  #scrolling;
  #actions;
  #halves = new Map();
  #days = new Map();
  #conversationId = null;
  #wasLoaded = false;
  #oldest = Infinity;
  #newest = 0;
  #seen = 0;
  #typingTimer = null;
  #quietTimer = null;

  /**
   * @param {object} options elements, and `actions`: `retry`, `discard`, `rate`, `again`, `speak`,
   *   `showEarlier`, `seen`
   */
  constructor({ log, turns, empty, earlier, typing, toLatest, actions }) {
    this.#log = log;
    this.#turns = turns;
    this.#empty = empty;
    this.#earlier = earlier;
    this.#typing = typing;
    this.#scrolling = new Scrolling({ log, toLatest, scrolled: () => this.check() });
    this.#actions = actions;
  }

  /** Show a conversation as it is now. @param {object[]} unsent its messages not acknowledged */
  show(conversation, unsent, isConnected) {
    if (conversation.id !== this.#conversationId) this.#change(conversation.id);
    const { turns, olderThan, loaded, replying } = conversation;
    if (loaded !== this.#wasLoaded || (turns[0]?.seq ?? Infinity) < this.#oldest) this.#hush();
    this.#wasLoaded = loaded;
    const unknown = this.#unacknowledged(turns, unsent);
    const waiting = waitingFor(isConnected, replying);
    const grew = replying || (turns.at(-1)?.seq ?? 0) > this.#newest || unknown.length > 0;
    this.#scrolling.keepingPlace(() => this.#shownHalves, () => {
      arrange(this.#turns, this.#children(turns, unknown, waiting));
      this.#earlier.hidden = olderThan === null;
      this.#empty.hidden = !loaded || turns.length > 0 || unknown.length > 0;
    });
    const isAwaited = isConnected && !replying;
    this.#awaitReply(isAwaited && unknown.some(({ state }) => state === WAITING));
    if (grew) this.#scrolling.offer();
    this.#newest = turns.at(-1)?.seq ?? 0;
    this.#seen = replying ? this.#newest - 1 : this.#newest;
    this.#oldest = turns[0]?.seq ?? Infinity;
    this.check();
  }

  /** Go to the newest turn and stay there. */
  follow() {
    this.#scrolling.follow();
  }

  /** Tell which turn is seen, and ask for earlier ones where the list begins to end. */
  check() {
    if (!this.#earlier.hidden && this.#scrolling.isNearStart) this.#actions.showEarlier();
    if (this.#scrolling.isNearEnd && this.#seen > 0) this.#actions.seen(this.#seen);
  }

  #change(conversationId) {
    this.#conversationId = conversationId;
    this.#halves.clear();
    this.#days.clear();
    this.#turns.replaceChildren();
    this.#scrolling.begin();
    this.#wasLoaded = false;
    this.#oldest = Infinity;
    this.#newest = 0;
    this.#hush();
  }

  /** What was said before is read on request: only what comes now is spoken. */
  #hush() {
    this.#log.setAttribute('aria-live', 'off');
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#log.setAttribute('aria-live', 'polite'), 1_000);
  }

  #unacknowledged(turns, unsent) {
    const known = new Set(turns.map((turn) => turn.messageId));
    return unsent.filter((entry) => !known.has(entry.messageId));
  }

  #children(turns, unsent, waiting) {
    const children = [];
    const newest = unsent.length > 0 ? undefined : turns.at(-1);
    let day = '';
    for (const turn of turns) {
      const itsDay = dayOf(turn.createdAt);
      if (itsDay !== day) children.push(this.#day(itsDay, turn.seq));
      day = itsDay;
      children.push(...this.#halvesOf(turn, turn === newest));
    }
    for (const entry of unsent) {
      const half = this.#half(`text ${entry.messageId}`, () => new TextView(this.#actions));
      half.showUnsent(entry, waiting);
      children.push(half.element);
    }
    return children;
  }

  #halvesOf(turn, isNewest) {
    const halves = [];
    if (turn.author !== 'backend') {
      const text = this.#half(`text ${turn.messageId}`, () => new TextView(this.#actions));
      text.showTurn(turn);
      halves.push(text.element);
    }
    if (turn.reply || turn.status !== 'done') {
      const reply = this.#half(`reply ${turn.seq}`, () => new ReplyView(this.#actions));
      reply.showTurn(turn, isNewest);
      halves.push(reply.element);
    }
    return halves;
  }

  /** Without the names of days: one of these moves with its first turn. */
  get #shownHalves() {
    return [...this.#turns.querySelectorAll('.half')];
  }

  #half(key, build) {
    if (!this.#halves.has(key)) this.#halves.set(key, build());
    return this.#halves.get(key);
  }

  #day(name, seq) {
    if (this.#days.get(seq)?.textContent !== name) {
      this.#days.set(seq, make('div', { className: 'day', textContent: name }));
    }
    return this.#days.get(seq);
  }

  #awaitReply(isAwaited) {
    if (!isAwaited) {
      clearTimeout(this.#typingTimer);
      this.#typingTimer = null;
      this.#typing.hidden = true;
    } else {
      this.#typingTimer ??= setTimeout(() => {
        this.#typing.hidden = false;
        if (this.#scrolling.isFollowing) this.follow();
      }, TYPING_AFTER_MS);
    }
  }
}

/** What a message waits for that is not sent yet, in a person's words. */
function waitingFor(isConnected, replying) {
  if (!isConnected) return 'Waiting for a connection';
  return replying ? 'Waiting for the reply to end' : 'Sending…';
}
