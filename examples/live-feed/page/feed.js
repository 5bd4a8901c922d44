import { CONNECTED } from '../client/chat-client.js';
import { byId, setText } from '../page/elements.js';
import { letIn } from '../page/letting-in.js';
import { breakBetween, placeOf } from './continuity.js';
import { FeedView } from './feed-view.js';

const FEED = 'prices';
const PLACE = 'parley.example.place';
/** Prices at a time, further back. */
const PAGE = 100;
/** Every mark is a write of the backend's: a lively feed is not marked at every price. */
const SEEING_MS = 1_000;
const count = new Intl.NumberFormat();

/** The feed on its page: what came, how much of it is new, and whether anything is missing. */
class Feed {
  #client;
  #storage;
  #conversation;
  #view;
  #place;
  #isDue = false;
  #isLoading = false;
  #seen = 0;
  #seeing = null;
  #freshAt = null;

  constructor({ client, storage, status }) {
    this.#client = client;
    this.#storage = storage;
    this.#place = readPlace(storage);
    this.#view = new FeedView({ scrolled: () => this.#scrolled() });
    client.addEventListener('status', () => {
      status.show(client.state, () => client.retryAt);
      this.#refresh();
    });
    client.addEventListener('conversation', () => this.#refresh());
    byId('show-earlier').addEventListener('click', () => this.#showEarlier());
    byId('break-seen').addEventListener('click', () => { byId('break').hidden = true; });
    document.addEventListener('visibilitychange', () => this.#scrolled());
    this.#conversation = client.open(FEED);
  }

  /** Render once for all the frames that came together. */
  #refresh() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  #render() {
    const { turns, loaded, read, head, olderThan } = this.#conversation;
    if (loaded) this.#compare();
    byId('empty').hidden = !loaded || head > 0;
    this.#view.show(turns, Math.max(read, this.#seen), olderThan);
    this.#scrolled();
    this.#showUnread(Math.max(0, head - Math.max(read, this.#seen)));
    this.#showFreshness();
  }

  /** Say so where the feed did not simply go on: never let a gap pass in silence. */
  #compare() {
    const now = placeOf(this.#conversation);
    const words = breakBetween(this.#place, now);
    if (words !== null) {
      setText(byId('break-text'), words);
      byId('break').hidden = false;
    }
    if (now.epoch !== this.#place?.epoch) {
      this.#seen = 0;
      this.#view.begin();
    }
    this.#place = now;
    this.#storage.setItem(PLACE, JSON.stringify({ epoch: now.epoch, last: now.last }));
  }

  #showUnread(unread) {
    byId('unread').hidden = unread === 0;
    setText(byId('unread'), `${count.format(unread)} unread`);
    document.title = unread === 0 ? 'Live prices' : `(${count.format(unread)}) Live prices`;
  }

  #showFreshness() {
    const { behind, head, last, loaded, turns } = this.#conversation;
    const isConnected = this.#client.state === CONNECTED;
    const isFresh = isConnected && loaded && !behind;
    if (isFresh) this.#freshAt = new Date();
    const since = this.#freshAt === null ? '' : ` since ${this.#freshAt.toLocaleTimeString()}`;
    const missing = head > last && loaded ? ` ${count.format(head - last)} to come` : '';
    byId('freshness').dataset.fresh = isFresh ? 'yes' : 'no';
    setText(byId('freshness'), isFresh ? 'Up to date' : isConnected
      ? `Catching up…${missing}` : `Not up to date${since}`);
    setText(byId('numbers'), turns.length === 0 ? ''
      : `${count.format(turns[0].seq)} to ${count.format(last)} of ${count.format(head)}`);
  }

  #scrolled() {
    const { last, olderThan } = this.#conversation;
    if (olderThan !== null && this.#view.isNearStart && !this.#view.showsEnd) this.#showEarlier();
    // Seen is what was in sight of somebody; nothing else moves the mark.
    if (!this.#view.showsEnd || document.hidden || last <= this.#seen) return;
    this.#seen = last;
    this.#seeing ??= setTimeout(() => {
      this.#seeing = null;
      this.#client.markRead(FEED, this.#seen);
      this.#refresh();
    }, SEEING_MS);
  }

  async #showEarlier() {
    if (this.#isLoading || this.#client.state !== CONNECTED) return;
    this.#isLoading = true;
    await this.#client.history(FEED, PAGE).catch(() => {}); // Scrolling on asks again.
    this.#isLoading = false;
  }
}

function readPlace(storage) {
  try {
    const { epoch, last } = JSON.parse(storage.getItem(PLACE));
    return { epoch, last, first: 0 };
  } catch {
    return null; // nothing kept
  }
}

letIn(({ client, storage, status, userId }) => {
  setText(byId('command'), `PYTHONPATH=src:. .venv/bin/python examples/live-feed/generator.py '${userId}'`);
  new Feed({ client, storage, status });
});
