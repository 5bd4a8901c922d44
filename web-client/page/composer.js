import { countCharacters, fits, MAX_TEXT_CHARACTERS, wellFormed } from '../client/limits.js';
import { setText } from './elements.js';
import { draftKey } from './kept.js';

const COUNTED_FROM = MAX_TEXT_CHARACTERS - 500;

/** Where a person writes. A draft is kept for each conversation, across reloads. */
export class Composer {
  #form;
  #text;
  #send;
  #stop;
  #counter;
  #storage;
  #submit;
  #draftKey = '';

  /** @param {{submit: (text: string) => boolean}} options `submit` says whether it took the text */
  constructor({ form, text, send, stop, counter, storage, submit, stopReply }) {
    this.#form = form;
    this.#text = text;
    this.#send = send;
    this.#stop = stop;
    this.#counter = counter;
    this.#storage = storage;
    this.#submit = submit;
    this.#listen(stopReply);
  }

  /** Change to a conversation, and what was begun there. */
  show(conversationId) {
    this.#draftKey = draftKey(conversationId);
    this.#text.value = this.#storage.getItem(this.#draftKey) ?? '';
    this.#changed();
  }

  /** Forget what was begun in a conversation. */
  forget(conversationId) {
    this.#storage.removeItem(draftKey(conversationId));
  }

  focus() {
    this.#text.focus();
  }

  /** A reply is being written, or not. */
  set replying(replying) {
    if (this.#stop.hidden === !replying) return;
    if (!replying && document.activeElement === this.#stop) this.focus();
    this.#stop.hidden = !replying;
  }

  #listen(stopReply) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#trySubmit();
    });
    this.#text.addEventListener('input', () => this.#changed());
    this.#text.addEventListener('keydown', (event) => this.#pressed(event, stopReply));
    this.#stop.addEventListener('click', stopReply);
  }

  #pressed(event, stopReply) {
    // Enter that ends an input method's composition is not meant as Send.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#trySubmit();
    }
    if (event.key === 'Escape' && !this.#stop.hidden) stopReply();
  }

  #trySubmit() {
    const text = wellFormed(this.#text.value);
    if (!fits(text) || !this.#submit(text)) return;
    this.#text.value = '';
    this.#changed();
    this.#text.focus();
  }

  #changed() {
    const text = this.#text.value;
    if (text === '') this.#storage.removeItem(this.#draftKey);
    else this.#storage.setItem(this.#draftKey, text);
    this.#send.disabled = !fits(wellFormed(text));
    this.#count(text);
    this.#grow();
  }

  #count(text) {
    const count = countCharacters(text);
    const excess = count - MAX_TEXT_CHARACTERS;
    const tooHeavy = excess <= 0 && text.trim() !== '' && !fits(wellFormed(text));
    const words = tooHeavy
      ? 'Too long to send'
      : excess > 0
        ? `${excess.toLocaleString()} too many`
        : `${(-excess).toLocaleString()} left`;
    this.#counter.hidden = count < COUNTED_FROM && !tooHeavy;
    this.#counter.classList.toggle('is-over', excess > 0 || tooHeavy);
    this.#text.setAttribute('aria-invalid', String(excess > 0 || tooHeavy));
    setText(this.#counter, words);
  }

  /** As tall as its text; the style sheet sets the limit. */
  #grow() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
