import { ChatClient } from '../../../web-client/client/chat-client.js';
import { FakeClock, FakeNetwork, FakeStorage, NOTHING } from './fakes.js';

/** A client on a network of the test's. */
export function begin({
  storage = new FakeStorage(), clock = new FakeClock(), credential = 'me', replySilence,
} = {}) {
  const network = new FakeNetwork();
  let ids = 0;
  const client = new ChatClient({
    url: 'ws://x', credential, storage, clock, replySilence, createSocket: network.open,
    random: () => 0.5, uuid: () => `id${(ids += 1)}`,
  });
  const conversation = client.open('main');
  client.start();
  return { client, network, storage, clock, conversation };
}

/** One that is connected, to a conversation that nobody has written to. */
export async function connected(options) {
  const parts = begin(options);
  parts.network.latest.accept();
  parts.network.latest.receive(NOTHING);
  await parts.clock.advance(0);
  return parts;
}
