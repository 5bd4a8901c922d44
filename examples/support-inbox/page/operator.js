import { CONNECTED } from '../client/chat-client.js';
import { byId, setText } from '../page/elements.js';
import { letIn } from '../page/letting-in.js';
import { Sidebar } from '../page/sidebar.js';
import { demoGuest } from './demo-guest.js';
import { bringOverview, overviewOf } from './overview.js';
import { piecesForOperator } from './pieces.js';
import { Talk } from './talk.js';

const INBOX = 'inbox';
const OPEN = 'parley.example.case';
const BOT = { isWaiting: false, name: null, isYours: false, words: '' };

/** The cases, which of them wait, and the one that is open. */
class Inbox {
  #client;
  #storage;
  #talk;
  #inbox;
  #sidebar;
  #isBringing = false;
  #isListing = false;

  constructor({ client, storage, status, userId }) {
    this.#client = client;
    this.#storage = storage;
    setText(byId('user-id'), userId);
    this.#sidebar = new Sidebar({ open: (id) => this.#open(id) });
    this.#inbox = client.follow(INBOX);
    this.#talk = new Talk({
      client, storage, status, pieces: piecesForOperator, rendered: () => this.#show(),
    });
    byId('join').addEventListener('click', () => this.#talk.say('/join'));
    byId('leave').addEventListener('click', () => this.#talk.say('/leave'));
    byId('more-conversations').addEventListener('click', () => client.listMore().catch(() => {}));
    const kept = storage.getItem(OPEN);
    if (kept !== null) this.#talk.open(kept);
    this.#talk.refresh();
  }

  #open(conversationId) {
    this.#storage.setItem(OPEN, conversationId);
    this.#talk.open(conversationId);
    this.#sidebar.draw(false, { keepFocus: true });
    byId('composer-text').focus();
  }

  #show() {
    this.#bringOverview();
    this.#listAll();
    const overview = overviewOf(this.#inbox.turns);
    const cases = this.#cases(overview);
    const openId = this.#talk.conversation?.id ?? null;
    this.#sidebar.show(cases, openId, this.#client.hasMoreConversations);
    const waiting = cases.filter(({ isWaiting }) => isWaiting).length;
    document.title = waiting === 0 ? 'Support inbox' : `(${waiting}) Support inbox`;
    if (openId === null) byId('empty').hidden = cases.length > 0;
    byId('unchosen').hidden = openId !== null || cases.length === 0;
    this.#showOpen(overview.get(openId) ?? BOT, cases.find((each) => each.conversationId === openId));
  }

  /** Those that wait first, the rest newest first. */
  #cases(overview) {
    const cases = this.#client.conversations
      .filter(({ conversationId }) => conversationId.startsWith('case-'))
      .map((entry) => {
        const standing = overview.get(entry.conversationId) ?? BOT;
        const title = entry.title || 'A customer';
        return {
          ...entry, isWaiting: standing.isWaiting, title,
          name: `${labelOf(standing)}: ${title}`,
          unread: Math.max(0, entry.head - entry.read), isBranch: false,
        };
      });
    return [...cases.filter((each) => each.isWaiting), ...cases.filter((each) => !each.isWaiting)];
  }

  #showOpen(standing, entry) {
    const { conversation } = this.#talk;
    const isOpen = conversation !== null;
    const isBusy = isOpen && this.#client.unsent(conversation.id).length > 0;
    setText(byId('title'), entry?.title ?? (isOpen ? 'A customer' : 'Support inbox'));
    setText(byId('holder'), isOpen ? labelOf(standing) : '');
    byId('holder').classList.toggle('is-waiting', standing.isWaiting);
    byId('join').hidden = !isOpen || standing.isYours;
    byId('leave').hidden = !isOpen || !standing.isYours;
    byId('join').disabled = byId('leave').disabled = isBusy;
    byId('composer').inert = !standing.isYours;
  }

  async #bringOverview() {
    if (this.#isBringing || this.#client.state !== CONNECTED) return;
    this.#isBringing = true;
    await bringOverview(this.#client, this.#inbox).catch(() => {}); // The next news asks again.
    this.#isBringing = false;
  }

  /** Whoever waits is to be seen; the list comes by ids, and the longest-waiting may come last. */
  async #listAll() {
    if (this.#isListing || this.#client.state !== CONNECTED) return;
    this.#isListing = true;
    while (this.#client.hasMoreConversations) {
      // Where it fails, `Show more` is there.
      if (!(await this.#client.listMore().then(() => true, () => false))) break;
    }
    this.#isListing = false;
  }
}

function labelOf({ isWaiting, name, isYours }) {
  if (isWaiting) return 'Waiting';
  if (isYours) return 'Yours';
  return name ?? 'Bot';
}

demoGuest();
letIn((parts) => new Inbox(parts));
