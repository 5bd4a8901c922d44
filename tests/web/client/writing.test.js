import { ChatClient } from '../../../web-client/client/chat-client.js';
import { equal, ok, seeded, test } from '../harness.js';
import { FakeClock, FakeStorage } from './fakes.js';
import { LossyNetwork } from './model-server.js';
import { saying, WritingServer } from './model-writers.js';

const SEEDS = 50;
const FAULTS = { cut: 0.05, refuse: 0.1, fail: 0.03, lose: 0.01, double: 0.1, delay: 0.05 };

/** Devices of one user, a bad network, and a bot that streams. */
class World {
  constructor(seed, faults) {
    this.seed = seed;
    this.random = seeded(seed);
    this.clock = new FakeClock();
    const { clock, random } = this;
    this.server = new WritingServer({ clock, random });
    this.network = new LossyNetwork({ server: this.server, clock, random, faults });
    this.server.attach(this.network);
    this.devices = [];
    this.sent = [];
    this.ids = 0;
    this.faults = 0;
  }

  add(storage = new FakeStorage()) {
    const client = new ChatClient({
      url: 'ws://x', credential: 'me', storage, clock: this.clock, random: this.random,
      createSocket: this.network.open, uuid: () => `m${(this.ids += 1)}`,
    });
    const device = { client, storage, conversation: client.open('main'), shown: new Map() };
    client.addEventListener('conversation', () => this.look(device));
    client.start();
    this.devices.push(device);
  }

  reload(device) {
    device.client.stop();
    this.devices.splice(this.devices.indexOf(device), 1);
    this.add(device.storage);
  }

  /** Nothing is ever shown that no writer wrote, and what is shown only grows. */
  look({ conversation, shown }) {
    for (const { seq, reply, status } of conversation.turns) {
      if (reply === '') continue;
      const attempt = Number(reply[0]);
      ok(saying(seq, attempt).startsWith(reply), `seed ${this.seed}, turn ${seq}: ${reply}`);
      const before = shown.get(seq) ?? { attempt: 0, length: 0 };
      const hasGrown =
        attempt > before.attempt || (attempt === before.attempt && reply.length >= before.length);
      ok(hasGrown || status !== 'pending', `seed ${this.seed}: turn ${seq} lost what was shown`);
      shown.set(seq, { attempt, length: reply.length });
    }
  }

  pick() {
    return this.devices[Math.floor(this.random() * this.devices.length)];
  }

  async live(steps) {
    for (let step = 0; step < steps; step += 1) {
      const { client, conversation } = this.pick();
      const dice = this.random();
      if (dice < 0.3) this.sent.push(client.send('main', `text ${step}`));
      else if (dice < 0.4) this.network.cut();
      else if (dice < 0.5) this.reload(this.pick());
      else if (dice < 0.55 && conversation.replying) client.stopReply('main', conversation.last);
      await this.clock.advance(this.random() * 3_000);
    }
  }

  /** The network is well from now on; nobody looks at a page, and nobody need. */
  async heal() {
    this.network.faults = {};
    this.server.mortality = 0;
    for (let i = 0; i < 200 && this.devices.some(({ client }) => client.unsentCount > 0); i += 1) {
      await this.clock.advance(10_000);
      for (const { client } of this.devices) {
        for (const { state, messageId } of client.unsent('main')) {
          if (state === 'failed') client.retry(messageId);
        }
      }
    }
    await this.clock.advance(180_000);
  }
}

test('whatever befalls a stream, each device shows only what was written, and all of it', async () => {
  let takenOver = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new World(seed, { ...FAULTS });
    world.add();
    world.add();
    await world.live(60);
    await world.heal();
    const { turns, epoch } = world.server.conversations.get('main');
    ok(turns.every(({ status }) => status !== 'pending'), `seed ${seed}: all have ended`);
    for (const { conversation, client } of world.devices) {
      const first = conversation.turns[0].seq;
      equal(conversation.turns, turns.slice(first - 1), `seed ${seed}`);
      equal([conversation.epoch, conversation.behind, client.unsent('main')], [epoch, false, []]);
    }
    const kept = turns.map(({ messageId }) => messageId);
    equal([...kept].sort(), [...new Set(world.sent)].sort(), `seed ${seed}: each message once`);
    takenOver += turns.filter(({ reply }) => Number(reply[0]) > 1).length;
  }
  ok(takenOver > SEEDS, `${takenOver} replies were taken over`);
});

test('on a good network a dead writer is replaced because a client noticed the silence', async () => {
  const world = new World(7, {});
  world.add();
  await world.clock.advance(1_000);
  const [{ client, conversation }] = world.devices;
  world.server.mortality = 0.03;
  for (let i = 0; i < 5; i += 1) client.send('main', `text ${i}`);
  await world.clock.advance(600_000);
  ok(conversation.turns.some(({ reply }) => reply[0] === '2'));
  ok(!conversation.behind);
  equal(conversation.turns, world.server.conversations.get('main').turns);
});
