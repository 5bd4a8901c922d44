import { ChatClient } from '../../../web-client/client/chat-client.js';
import { equal, ok, seeded, test } from '../harness.js';
import { FakeClock, FakeStorage } from './fakes.js';
import { LossyNetwork, ModelServer } from './model-server.js';

const SEEDS = 30;
const FAULTS = {
  cut: 0.05, refuse: 0.2, fail: 0.05, lose: 0.05, double: 0.1, delay: 0.1, expire: 0.02,
};
const IDS = ['main', 'second'];

/** A world with a server, a bad network, and clients of one user in it. */
class World {
  constructor(seed, faults) {
    this.random = seeded(seed);
    this.clock = new FakeClock();
    this.server = new ModelServer();
    const { server, clock, random } = this;
    this.network = new LossyNetwork({ server, clock, random, faults });
    this.devices = [];
    this.returned = new Set();
    this.ids = 0;
  }

  /** One more device, or one that was reloaded. */
  add(storage = new FakeStorage(), id = 'main') {
    const client = new ChatClient({
      url: 'ws://x', credential: async () => 'me', storage, clock: this.clock, random: this.random,
      createSocket: this.network.open, uuid: () => `m${(this.ids += 1)}`,
    });
    const device = { client, storage, conversation: client.open(id), sent: [] };
    client.addEventListener('returned', ({ detail }) => this.returned.add(detail.conversationId));
    client.start();
    this.devices.push(device);
    return device;
  }

  reload(device) {
    device.client.stop();
    this.devices.splice(this.devices.indexOf(device), 1);
    const again = this.add(device.storage, device.conversation.id);
    again.sent = device.sent;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  /** All is well from now on, someone looks at each page, and time passes. */
  async heal() {
    this.network.faults = {};
    await this.clock.advance(240_000);
    for (const { client } of this.devices) client.wake();
    await this.clock.advance(120_000);
  }

  async readAllHistory({ client, conversation }) {
    for (let i = 0; i < 200 && conversation.olderThan !== null; i += 1) {
      const page = client.history(conversation.id);
      await this.clock.advance(2_000);
      await page;
    }
  }
}

async function live(world, steps, { deletions = 0 } = {}) {
  for (let step = 0; step < steps; step += 1) {
    const device = world.pick(world.devices);
    const dice = world.random();
    const id = world.pick(IDS);
    if (dice < 0.55) device.sent.push({ id, messageId: device.client.send(id, `text ${step}`) });
    else if (dice < 0.65) world.network.broadcast([world.server.append(id, {})]);
    else if (dice < 0.7) world.network.cut();
    else if (dice < 0.75) world.reload(device);
    else if (dice < 0.8) device.client.history(device.conversation.id).catch(() => {});
    else if (dice < 0.85) device.client.markRead(id, Math.ceil(world.random() * 20));
    else if (dice < 0.9) device.conversation = device.client.open(id);
    else if (dice < 0.9 + deletions) world.network.broadcast([world.server.remove(id)]);
    await world.clock.advance(world.random() * 4_000);
  }
}

function check(world, seed) {
  for (const { client, conversation, sent } of world.devices) {
    equal(client.state, 'connected', `seed ${seed}`);
    const { epoch, turns } = world.server.conversations.get(conversation.id) ?? { epoch: '', turns: [] };
    equal(conversation.turns, turns, `seed ${seed}, ${conversation.id}`);
    equal(conversation.epoch, epoch);
    ok(!conversation.behind);
    for (const id of IDS) equal(client.unsent(id), [], `seed ${seed}: the outbox is empty`);
    equal(sent.length, new Set(sent.map(({ messageId }) => messageId)).size);
  }
}

function checkEveryMessage(world, seed) {
  for (const { sent } of world.devices) {
    for (const id of IDS) {
      const mine = sent.filter((message) => message.id === id).map(({ messageId }) => messageId);
      const wanted = new Set(mine);
      const turns = world.server.conversations.get(id)?.turns ?? [];
      const kept = turns.map(({ messageId }) => messageId).filter((messageId) => wanted.has(messageId));
      equal(kept, mine, `seed ${seed}: each message once, in the order it was written`);
    }
  }
}

/** A failed message is one that a person is asked about; this person always says Retry. */
async function retryAll(world) {
  for (let round = 0; round < 20; round += 1) {
    const failed = world.devices.flatMap(({ client }) =>
      IDS.flatMap((id) => client.unsent(id).filter(({ state }) => state === 'failed')
        .map(({ messageId }) => [client, messageId])));
    if (failed.length === 0) return;
    for (const [client, messageId] of failed) client.retry(messageId);
    await world.clock.advance(60_000);
  }
}

async function surviveAll(clients) {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new World(seed * 31 + clients, { ...FAULTS });
    for (let i = 0; i < clients; i += 1) world.add();
    await live(world, 60);
    await world.heal();
    await retryAll(world);
    for (const device of world.devices) await world.readAllHistory(device);
    check(world, seed);
    checkEveryMessage(world, seed);
  }
}

test('cut off, reloaded, its frames lost and shuffled, a client has the list of the server', () =>
  surviveAll(1));

test('three devices on a bad network all end with the list of the server', () => surviveAll(3));

test('conversations deleted under all of it come out as the server has them', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = new World(seed, { ...FAULTS });
    world.add();
    world.add();
    await live(world, 60, { deletions: 0.08 });
    await world.heal();
    await retryAll(world);
    for (const device of world.devices) await world.readAllHistory(device);
    check(world, seed);
  }
});

test('200 messages over a connection that is cut at random points arrive once each, in order', async () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const world = new World(seed, { cut: 0.2, refuse: 0.2 });
    const device = world.add();
    for (let i = 0; i < 200; i += 1) {
      if (device.client.unsent('main').length < 40) {
        device.sent.push({ id: 'main', messageId: device.client.send('main', `text ${i}`) });
      }
      await world.clock.advance(world.random() * 1_500);
    }
    await world.heal();
    await world.readAllHistory(device);
    check(world, seed);
    checkEveryMessage(world, seed);
  }
});

/** A person branches off from what they see, and goes on there. */
function branchOff(world, device, step) {
  const { client, conversation } = device;
  const turn = world.pick(conversation.turns.filter(({ author }) => author === 'user'));
  if (turn === undefined) return;
  const wanted = conversation.turns.filter(({ seq }) => seq < turn.seq);
  const text = `edit ${step}`;
  const id = client.edit(conversation.id, turn.seq, text);
  const { messageId } = client.unsent(id)[0];
  device.branches.push({ id, messageId, text, wanted, from: turn.seq });
  device.conversation = client.open(id);
}

async function liveInBranches(world, steps, { deletions }) {
  for (let step = 0; step < steps; step += 1) {
    const device = world.pick(world.devices);
    device.branches ??= [];
    const dice = world.random();
    if (dice < 0.35) device.client.send(device.conversation.id, `text ${step}`);
    else if (dice < 0.5) branchOff(world, device, step);
    else if (dice < 0.55) {
      const { id, last } = device.conversation;
      if (last > 0) device.client.fork(id, last).catch(() => {});
    } else if (dice < 0.6) world.network.cut();
    else if (dice < 0.7) {
      const { branches } = device;
      world.reload(device);
      world.devices.at(-1).branches = branches;
    } else if (dice < 0.8) device.conversation = device.client.open('main');
    else if (dice < 0.8 + deletions) world.network.broadcast([world.server.remove('main')]);
    await world.clock.advance(world.random() * 3_000);
  }
}

test('branches made on a bad network begin as what they branched from, and have each message once', async () => {
  let made = 0;
  for (const deletions of [0, 0.05]) {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = new World(seed * 7, { ...FAULTS, expire: 0 });
      world.add();
      world.add();
      for (const { client } of world.devices) client.send('main', 'hello');
      await liveInBranches(world, 50, { deletions });
      await world.heal();
      for (let round = 0; round < 10; round += 1) {
        for (const { client } of world.devices) {
          for (const id of client.unsentIds) {
            for (const { state, messageId } of client.unsent(id)) {
              if (state === 'failed') client.retry(messageId);
            }
          }
        }
        await world.clock.advance(60_000);
      }
      for (const device of world.devices) {
        await world.readAllHistory(device);
        const { id, turns, epoch } = device.conversation;
        const kept = world.server.conversations.get(id);
        equal([turns, epoch], [kept?.turns ?? [], kept?.epoch ?? ''], `seed ${seed}`);
        equal(device.client.unsentCount, 0, `seed ${seed}`);
        ok(deletions > 0 || world.returned.size === 0, `seed ${seed}: nothing was gone`);
        for (const { id: branchId, messageId, wanted, from } of device.branches ?? []) {
          const branch = world.server.conversations.get(branchId);
          if (world.returned.has(branchId)) continue;
          made += 1;
          equal(branch.turns.filter((turn) => turn.messageId === messageId).map(({ seq }) => seq), [from]);
          const begins = branch.turns.slice(from - 1 - wanted.length, from - 1);
          equal(begins.map((turn) => turn.messageId), wanted.map((turn) => turn.messageId));
        }
      }
    }
  }
  ok(made > 100, `${made} branches`);
});
