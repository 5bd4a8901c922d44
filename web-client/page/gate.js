import { arrange, byId, make, setText } from './elements.js';

/** What stands in place of the conversations while nobody is let in to them. */
export class Gate {
  /**
   * Show a question until one of its choices is taken; the first is the main one.
   * @param {{heading: string, text: string, choices: string[]}} question
   * @returns {Promise<string>} the choice
   */
  ask({ heading, text, choices }) {
    setText(byId('gate-heading'), heading);
    setText(byId('gate-text'), text);
    return new Promise((resolve) => {
      const buttons = choices.map((choice, index) => {
        const className = index === 0 ? 'primary-button' : 'quiet-button';
        const button = make('button', { type: 'button', className, textContent: choice });
        button.addEventListener('click', () => {
          this.#close();
          resolve(choice);
        });
        return button;
      });
      arrange(byId('gate-choices'), buttons);
      this.#open();
      buttons[0]?.focus();
    });
  }

  /** Say what is going on, with nothing to choose. */
  say(heading, text) {
    this.ask({ heading, text, choices: [] });
  }

  #open() {
    document.body.classList.add('is-gated');
    byId('gate').hidden = false;
  }

  #close() {
    document.body.classList.remove('is-gated');
    byId('gate').hidden = true;
  }
}
