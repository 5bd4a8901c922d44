import { ChatClient, SIGNED_OUT } from '../client/chat-client.js';
import { enter } from '../client/entering.js';
import { TabStorage } from '../client/tab-storage.js';
import { userIdOf } from '../client/user-id.js';
import { readConfig } from './config.js';
import { byId } from './elements.js';
import { drawIcons } from './icons.js';
import { watchPresence } from './presence.js';
import { StatusView } from './status-view.js';

/**
 * Let somebody in, and begin with their client: for a page in a folder beside the chat's own, which
 * has a status and an explanation, and no words about signing in.
 * @param {(parts: {client: ChatClient, storage: TabStorage, status: StatusView, userId: string})
 *   => void} begin
 */
export async function letIn(begin) {
  const storage = new TabStorage(() => window.sessionStorage);
  const status = new StatusView({
    status: byId('status'), explanation: byId('explanation'), text: byId('explanation-text'),
    tryNow: byId('try-now'),
  });
  // Whoever must sign in is sent to do so when the page is opened.
  const fail = (words) => {
    status.fail(words);
    byId('try-now').addEventListener('click', () => location.reload());
  };
  drawIcons();
  try {
    const besideThePage = (name, options) => fetch(`../${name}`, options);
    const { url, credential, signIn } = await enter({
      readConfig: () => readConfig(besideThePage), storage, window,
    });
    const client = new ChatClient({ url, credential, storage });
    signIn?.addEventListener('renewed', async () => {
      await client.renew(await signIn.credential()).catch(() => {}); // It connects anew in time.
    });
    const userId = await userIdOf(signIn === null ? credential : await signIn.credential());
    begin({ client, storage, status, userId });
    client.addEventListener('status', () => client.state === SIGNED_OUT && fail('You are signed out.'));
    client.start();
    watchPresence(client, signIn);
  } catch (error) {
    fail(error.message);
  }
}
