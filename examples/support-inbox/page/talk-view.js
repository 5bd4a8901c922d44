import { arrange, byId, make, setText } from '../page/elements.js';
import { Renderer } from '../page/markdown/renderer.js';
import { Scrolling } from '../page/scrolling.js';
import { timeOfDay } from '../page/times.js';

/**
 * What is shown of a turn: words of somebody, or a mark between them.
 * @typedef {object} Piece
 * @property {string} key the same for as long as it is the same piece
 * @property {'mine' | 'theirs' | 'mark'} side
 * @property {string} text
 * @property {string} [speaker]
 * @property {string} [at] when it was said
 * @property {string} [note] what is to be said about it
 * @property {boolean} [isBot] its words are Markdown, as bots write it
 * @property {boolean} [isBusy] there is more to come
 */

/** A conversation as words of several people, in their order. */
export class TalkView {
  #log = byId('log');
  #group = make('div', { className: 'group' });
  #shown = new Map();
  #scrolling;

  /** @param {{scrolled: () => void}} options is told that something else shows */
  constructor({ scrolled }) {
    byId('turns').append(this.#group);
    this.#scrolling = new Scrolling({
      log: this.#log, toLatest: byId('to-latest'), groups: () => [this.#group], scrolled,
    });
  }

  /** Whether the newest words are in sight. */
  get showsEnd() {
    return this.#scrolling.isNearEnd;
  }

  /** Another conversation begins. */
  begin() {
    this.#shown.clear();
    this.#group.replaceChildren();
    this.#scrolling.begin();
  }

  /** Go to the newest words and stay there. */
  follow() {
    this.#scrolling.follow();
  }

  /**
   * Show exactly these.
   * @param {Piece[]} pieces
   * @param {{isEmpty: boolean, hasEarlier: boolean}} around
   */
  show(pieces, { isEmpty, hasEarlier }) {
    const before = this.#shown;
    const newest = pieces.at(-1)?.key;
    const grew = newest !== undefined && !before.has(newest);
    this.#shown = new Map(pieces.map((piece) => {
      const view = before.get(piece.key) ?? (piece.side === 'mark' ? new Mark() : new Words(piece));
      view.show(piece);
      return [piece.key, view];
    }));
    this.#scrolling.keepingPlace(() => {
      arrange(this.#group, [...this.#shown.values()].map(({ element }) => element));
      byId('empty').hidden = !isEmpty;
      byId('earlier').hidden = !hasEarlier;
    });
    if (grew) this.#scrolling.offer();
  }
}

class Mark {
  element = make('div', { className: 'mark' });

  show({ text }) {
    setText(this.element, text);
  }
}

class Words {
  element;
  #article;
  #write;
  #meta = make('div', { className: 'meta' });

  constructor({ side, isBot = false }) {
    this.#article = make('article', { className: isBot ? 'words markdown' : 'words' });
    this.#write = isBot ? this.#markdown() : this.#plain();
    const whose = side === 'mine' ? 'is-user' : 'is-reply';
    const className = `half ${whose}${isBot ? ' is-bot' : ''}`;
    this.element = make('div', { className }, this.#article, this.#meta);
  }

  show({ text, speaker = '', at, note = '', isBusy = false }) {
    this.#write(text, isBusy);
    const said = [speaker, timeOfDay(at), note].filter(Boolean);
    this.#article.setAttribute('aria-label', said.join(', '));
    this.element.classList.toggle('is-busy', isBusy);
    this.element.classList.toggle('is-unsent', note !== '');
    setText(this.#meta, said.join(' · '));
  }

  #markdown() {
    const renderer = new Renderer(this.#article);
    return (text, isOpen) => renderer.render(text, { isOpen });
  }

  #plain() {
    const words = make('p', { dir: 'auto' });
    this.#article.append(words);
    return (text) => setText(words, text);
  }
}
