import { fits, wellFormed } from '../client/limits.js';
import { make, setText } from './elements.js';
import { grow, isComposing, isFinishing, roomFor } from './text-box.js';

/** Where a person writes what they had written another way. */
export class TextEditor {
  element;
  #text;
  #counter;
  #save;
  #actions;

  /** @param {{save: (text: string) => void, cancel: () => void}} actions */
  constructor(text, actions) {
    this.#actions = actions;
    this.#text = make('textarea', {
      rows: 1, dir: 'auto', value: text, enterKeyHint: 'send', aria: { label: 'Edit your text' },
    });
    this.#counter = make('span', { className: 'counter' });
    this.#save = make('button', {
      type: 'submit', className: 'primary-button', textContent: 'Save',
    });
    const cancel = make('button', {
      type: 'button', className: 'quiet-button', textContent: 'Cancel', onclick: actions.cancel,
    });
    const foot = make('div', { className: 'editor-foot' }, this.#counter, cancel, this.#save);
    this.element = make('form', { className: 'editor', autocomplete: 'off' }, this.#text, foot);
    this.#listen();
  }

  /** Begin, where the text ends. The element must be in the page. */
  begin() {
    this.#changed();
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  #listen() {
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#trySave();
    });
    this.#text.addEventListener('input', () => this.#changed());
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
  }

  #pressed(event) {
    if (isComposing(event)) return;
    if (event.key === 'Escape') this.#actions.cancel();
    if (event.target === this.#text && isFinishing(event)) {
      event.preventDefault();
      this.#trySave();
    }
  }

  #trySave() {
    const text = wellFormed(this.#text.value);
    if (fits(text)) this.#actions.save(text);
  }

  #changed() {
    const { words, isOver, isNear } = roomFor(this.#text.value);
    this.#counter.hidden = !isNear;
    this.#counter.classList.toggle('is-over', isOver);
    this.#text.setAttribute('aria-invalid', String(isOver));
    setText(this.#counter, words);
    this.#save.disabled = !fits(wellFormed(this.#text.value));
    grow(this.#text);
  }
}
