import { make } from './elements.js';
import { icon } from './icons.js';

/** A button that is a word. */
export function textButton(name, onclick) {
  return make('button', { type: 'button', className: 'text-button', textContent: name, onclick });
}

/** A small button that is a picture, and says what it does. */
export function pictureButton(picture, label, onclick, { className = '', aria = {} } = {}) {
  return make('button', {
    type: 'button', className: `picture ${className}`.trim(), title: label,
    aria: { label, ...aria }, onclick,
  }, icon(picture));
}
