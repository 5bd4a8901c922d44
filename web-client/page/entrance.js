import { NOBODY, SignInFailed } from '../client/sign-in/sign-in.js';
import { signInWords } from './sign-in-words.js';

const SIGN_IN = 'Sign in';
const AGAIN = 'Try again';
const NOT_NOW = 'Not now';

/** Who comes in: finishes a sign-in that was begun, and asks for one where guests are not let in. */
export class Entrance {
  #signIn;
  #guests;
  #gate;
  #account;
  #status;

  /** @param {{signIn: ?SignIn, guests: boolean}} options `signIn`: null where there is none */
  constructor({ signIn, guests, gate, account, status }) {
    this.#signIn = signIn;
    this.#guests = guests;
    this.#gate = gate;
    this.#account = account;
    this.#status = status;
  }

  /**
   * Wait until someone may come in.
   * @param {?object} answer the provider's, if the page was opened by one
   * @returns {Promise<boolean>} true for someone who is signed in, false for a guest
   */
  async enter(answer) {
    if (this.#signIn === null) return this.#guests ? false : this.#closed();
    await this.#signIn.restore();
    const failure = answer === null ? null : await this.#complete(answer);
    if (this.#signIn.stage !== NOBODY || this.#guests) {
      if (failure !== null) this.#account.trouble(signInWords(failure));
      return this.#signIn.stage !== NOBODY;
    }
    return this.#askToSignIn(failure);
  }

  /** @returns {Promise<?SignInFailed>} why not */
  async #complete(answer) {
    this.#status.wait('Signing in…');
    for (;;) {
      try {
        await this.#signIn.complete(answer);
        return null;
      } catch (error) {
        if (!(error instanceof SignInFailed)) throw error;
        if (error.code !== 'unreachable') return error;
        if ((await this.#askToRetry(error)) !== AGAIN) return null;
      }
    }
  }

  #askToRetry(error) {
    const mayLeave = this.#guests || this.#signIn.stage !== NOBODY;
    return this.#gate.ask({
      heading: 'Almost signed in',
      text: signInWords(error),
      choices: mayLeave ? [AGAIN, NOT_NOW] : [AGAIN],
    });
  }

  /** Ask for as long as it takes: the page is left, and opened anew by the answer. */
  async #askToSignIn(failure) {
    let text = failure === null ? 'Your conversations are kept, on every device.' : signInWords(failure);
    for (;;) {
      await this.#gate.ask({ heading: 'Sign in to talk to Parley', text, choices: [SIGN_IN] });
      text = 'Leaving for the sign-in service…';
      this.#gate.say('Sign in to talk to Parley', text);
      await this.#signIn.begin(here()).catch((error) => { text = signInWords(error); });
    }
  }

  #closed() {
    this.#gate.say(
      'Nobody is let in here',
      'This page takes no guests and has no sign-in service. Who runs it can set one up.',
    );
    return new Promise(() => {});
  }
}

/** Where the page is: path, query and fragment. */
export function here() {
  return `${location.pathname}${location.search}${location.hash}`;
}
