import { WAITING } from '../client/chat-client.js';
import { Scrolling } from './scrolling.js';
import { TurnGroups } from './turn-groups.js';

/** How long a sent message may go unanswered before a sign that something is being done. */
const TYPING_AFTER_MS = 600;
/** How long a turn that a person was led to stands out. */
const SOUGHT_MS = 2_500;

/** The turns of one conversation, and what is on its way, as a scrolled list of articles. */
export class LogView {
  #log;
  #turns;
  #groups;
  #empty;
  #earlier;
  #typing;
  #scrolling;
  #actions;
  #conversationId = null;
  #wasLoaded = false;
  #oldest = Infinity;
  #newest = 0;
  #seen = 0;
  #typingTimer = null;
  #quietTimer = null;

  /**
   * @param {object} options elements, and `actions`: `retry`, `discard`, `rate`, `again`, `speak`,
   *   `edit`, `regenerate`, `branch`, `showEarlier`, `seen`
   */
  constructor({ log, turns, empty, earlier, typing, toLatest, actions }) {
    this.#log = log;
    this.#turns = turns;
    this.#groups = new TurnGroups(turns, actions);
    this.#empty = empty;
    this.#earlier = earlier;
    this.#typing = typing;
    this.#scrolling = new Scrolling({
      log, toLatest, groups: () => this.#groups.elements, scrolled: () => this.check(),
    });
    this.#actions = actions;
  }

  /** Show a conversation as it is now. @param {object[]} unsent its messages not acknowledged */
  show(conversation, unsent, isConnected) {
    if (conversation.id !== this.#conversationId) this.#change(conversation.id);
    const { turns, olderThan, loaded, replying, fork } = conversation;
    if (loaded !== this.#wasLoaded || (turns[0]?.seq ?? Infinity) < this.#oldest) this.#hush();
    this.#wasLoaded = loaded;
    const unknown = this.#unacknowledged(turns, unsent);
    const waiting = waitingFor(isConnected, replying);
    const grew = replying || (turns.at(-1)?.seq ?? 0) > this.#newest || unknown.length > 0;
    this.#turns.classList.toggle('is-replying', replying);
    this.#scrolling.keepingPlace(() => {
      this.#groups.show({ turns, unsent: unknown, waiting, forkAt: fork?.forkAt });
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

  /** Go to a turn, and show which one it is. */
  goTo(turn) {
    const half = this.#groups.find(turn);
    if (half === undefined) return;
    this.#scrolling.seek(half);
    const article = half.querySelector('article');
    article.tabIndex = -1;
    article.focus({ preventScroll: true });
    half.classList.add('is-sought');
    setTimeout(() => half.classList.remove('is-sought'), SOUGHT_MS);
  }

  /** Tell which turn is seen, and ask for earlier ones where the list begins to end. */
  check() {
    if (!this.#earlier.hidden && this.#scrolling.isNearStart) this.#actions.showEarlier();
    if (this.#scrolling.isNearEnd && this.#seen > 0) this.#actions.seen(this.#seen);
  }

  #change(conversationId) {
    this.#conversationId = conversationId;
    this.#groups.clear();
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
    if (unsent.length === 0) return unsent;
    const known = new Set(turns.map((turn) => turn.messageId));
    return unsent.filter((entry) => !known.has(entry.messageId));
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
