import { CONNECTED } from '../client/chat-client.js';
import { byId } from './elements.js';

/** Signs of a person's presence end a wait for the connection, but not more often than this. */
const WAKE_MS = 2_000;

/** Tell a client, and whoever renews its credential, when someone is there or the network is. */
export function watchPresence(client, signIn) {
  let lastWake = 0;
  const wakeAll = () => {
    signIn?.wake();
    client.wake();
  };
  const wake = () => {
    if (Date.now() - lastWake < WAKE_MS) return;
    lastWake = Date.now();
    wakeAll();
  };
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  window.addEventListener('focus', wake);
  window.addEventListener('online', wakeAll);
  window.addEventListener('offline', () => client.networkLost());
  window.addEventListener('pageshow', (event) => event.persisted && client.reconnect());
  byId('try-now').addEventListener('click', wakeAll);
  const ifWaiting = () => client.state === CONNECTED || wake();
  document.addEventListener('keydown', ifWaiting);
  document.addEventListener('pointerdown', ifWaiting);
}
