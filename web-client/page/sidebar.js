import { arrange, byId, make, setText } from './elements.js';
import { icon } from './icons.js';
import { briefly } from './times.js';

const NARROW = matchMedia('(max-width: 47.99rem)');

/** The list of conversations: beside the open one, or on narrow screens a drawer over it. */
export class Sidebar {
  #items = new Map();
  #open;
  #sidebar = byId('sidebar');
  #main = byId('main');
  #backdrop = byId('backdrop');
  #opener = byId('open-sidebar');
  #isDrawn = false;

  /** @param {{open: (conversationId: string) => void}} options */
  constructor({ open }) {
    this.#open = open;
    this.#opener.addEventListener('click', () => this.draw(true));
    byId('close-sidebar').addEventListener('click', () => this.draw(false));
    this.#backdrop.addEventListener('click', () => this.draw(false));
    this.#sidebar.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#isDrawn) this.draw(false);
    });
    NARROW.addEventListener('change', () => this.draw(false, { keepFocus: true }));
    this.draw(false, { keepFocus: true });
  }

  /** Slide the drawer in or out. On wide screens the list is always there. */
  draw(isDrawn, { keepFocus = false } = {}) {
    this.#isDrawn = isDrawn && NARROW.matches;
    this.#sidebar.classList.toggle('is-drawn', this.#isDrawn);
    this.#sidebar.inert = NARROW.matches && !this.#isDrawn;
    this.#main.inert = this.#isDrawn;
    this.#backdrop.hidden = !this.#isDrawn;
    this.#opener.setAttribute('aria-expanded', String(this.#isDrawn));
    if (keepFocus || !NARROW.matches) return;
    if (this.#isDrawn) byId('close-sidebar').focus();
    else this.#opener.focus();
  }

  /** Show these conversations. @param {object[]} entries with `name`, `unread`, `isBranch` */
  show(entries, openId, hasMore) {
    const items = entries.map((entry) => this.#item(entry, entry.conversationId === openId));
    const wanted = new Set(entries.map((entry) => entry.conversationId));
    for (const id of this.#items.keys()) if (!wanted.has(id)) this.#items.delete(id);
    arrange(byId('conversations'), items);
    byId('more-conversations').hidden = !hasMore;
    const elsewhere = entries.some((e) => e.unread > 0 && e.conversationId !== openId);
    byId('unread-elsewhere').hidden = !elsewhere;
  }

  #item({ conversationId, name, unread, updatedAt, isBranch }, isOpen) {
    const item = this.#items.get(conversationId) ?? this.#make(conversationId);
    this.#items.set(conversationId, item);
    const link = item.firstElementChild;
    const [branch, title, time, badge] = link.children;
    branch.hidden = !isBranch;
    setText(title, name);
    title.title = name; // There is not room for all of it.
    setText(time, briefly(updatedAt));
    setText(badge, unread > 99 ? '99+' : String(unread));
    badge.hidden = unread === 0 || isOpen;
    badge.setAttribute('aria-label', `${unread} unread`);
    if (isOpen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    return item;
  }

  #make(conversationId) {
    const link = make('a', { href: `#${conversationId}`, className: 'conversation' },
      make('span', { className: 'branch-sign', role: 'img', aria: { label: 'Branch' } }, icon('branch')),
      make('span', { className: 'conversation-title', dir: 'auto' }),
      make('span', { className: 'conversation-time', aria: { hidden: 'true' } }),
      make('span', { className: 'badge', role: 'img' }),
    );
    link.addEventListener('click', (event) => {
      event.preventDefault();
      this.#open(conversationId);
    });
    return make('li', {}, link);
  }
}
