import { SIGNED_OUT } from '../client/chat-client.js';
import { ENDING, NOBODY, OVER } from '../client/sign-in/sign-in.js';
import { confirmSignOut } from './dialogs.js';
import { byId, setText } from './elements.js';
import { here } from './entrance.js';
import { signInWords } from './sign-in-words.js';

const ALONE =
  'Your conversations stay with this tab: reload, or come back after a lost connection, and go on.';
const GUEST = 'You are a guest: your conversations stay with this tab. Sign in to keep them.';
const USER = 'Your conversations are yours on every device.';
const WORDS = {
  [ENDING]: 'Your sign-in ends soon. What you have written is kept when you sign in again.',
  [OVER]: 'You are signed out. What you write is kept, and sent when you have signed in again.',
};

/** Who this tab's person is, and the ways to become someone else. */
export class Account {
  #signIn;
  #gate;
  #notices;
  #client = null;

  /** @param {{signIn: ?SignIn}} options null where nobody can sign in */
  constructor({ signIn, gate, notices }) {
    this.#signIn = signIn;
    this.#gate = gate;
    this.#notices = notices;
    byId('sign-in').addEventListener('click', () => this.#leave(byId('sign-in')));
    byId('sign-in-again').addEventListener('click', () => this.#leave(byId('sign-in-again')));
    byId('sign-out').addEventListener('click', () => this.#signOut());
    this.#signIn?.addEventListener('change', () => this.#changed());
  }

  /** The person is in. */
  show() {
    const isGuest = (this.#signIn?.stage ?? NOBODY) === NOBODY;
    byId('account').hidden = false;
    byId('person-line').hidden = isGuest;
    setText(byId('person'), this.#signIn?.person || 'Signed in');
    byId('person').title = this.#signIn?.person ?? '';
    setText(byId('account-words'), this.#signIn === null ? ALONE : isGuest ? GUEST : USER);
    byId('sign-in').hidden = this.#signIn === null || !isGuest;
    this.#warn();
  }

  /** The person talks by this client. */
  attach(client) {
    this.#client = client;
    client.addEventListener('status', () => this.#warn());
    this.#signIn?.addEventListener('renewed', () => this.#renew().catch(() => {}));
  }

  /** Say what went wrong with a sign-in, for as long as it matters. */
  trouble(text) {
    setText(byId('account-trouble'), text);
    byId('account-trouble').hidden = false;
    this.#notices.show(text);
  }

  /** Give the connection the new credential; where it takes none, the next one has it. */
  async #renew() {
    const credential = await this.#signIn.credential();
    await this.#client.renew(credential).catch(({ code }) => {
      if (code !== 'offline') this.#client.relieve();
    });
  }

  #changed() {
    // What has ended is no reason to stay connected: the next handshake says that there is none.
    if (this.#signIn.stage === OVER) this.#client?.reconnect();
    this.#warn();
  }

  #warn() {
    const isOut = this.#client?.state === SIGNED_OUT;
    const words = this.#signIn === null ? undefined : WORDS[isOut ? OVER : this.#signIn.stage];
    setText(byId('session-text'), words ?? '');
    byId('session').hidden = words === undefined;
  }

  async #leave(button) {
    byId('account-trouble').hidden = true;
    button.disabled = true;
    try {
      await this.#signIn.begin(here());
    } catch (error) {
      this.trouble(signInWords(error));
    }
    button.disabled = false; // The page may be left only slowly, or not at all.
  }

  async #signOut() {
    const count = this.#client?.unsentCount ?? 0;
    if (count > 0 && !(await confirmSignOut(count))) return;
    this.#client?.stop();
    this.#gate.say('Signing out', 'One moment…');
    await this.#signIn.signOut();
  }
}
