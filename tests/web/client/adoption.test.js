import { Adoption, AdoptionRefused } from '../../../web-client/client/adoption.js';
import { Outbox } from '../../../web-client/client/outbox.js';
import { draftKey, keptOpenId, moveKept } from '../../../web-client/page/kept.js';
import { equal, ok, seeded, test } from '../harness.js';
import { FakeClock, FakeNetwork, FakeStorage } from './fakes.js';

const GUEST = '3f2b8c1e-7a54-4f0d-9d5e-0b6a1c2d3e4f';

/** A tab in which a guest wrote to three conversations, the last unknown to the backend. */
function guestTab() {
  const storage = new FakeStorage([['parley.userId', GUEST], ['parley.conversationId', 'second']]);
  const outbox = new Outbox({ storage });
  for (const conversationId of ['main', 'second', 'unheard']) {
    outbox.add({ messageId: `m ${conversationId}`, conversationId, text: 'hi', createdAt: 'now' });
    storage.setItem(draftKey(conversationId), `draft of ${conversationId}`);
  }
  outbox.stamp('m main', { after: 7, epoch: 'e1' });
  return storage;
}

function begin({ storage = guestTab(), credential = 'token', ...more } = {}) {
  const [network, clock] = [new FakeNetwork(), new FakeClock()];
  const states = [];
  let ids = 0;
  const adoption = new Adoption({
    url: 'ws://x', credential, storage, clock, createSocket: network.open, random: () => 0.5,
    uuid: () => `fresh${(ids += 1)}`, keep: (moved) => moveKept(storage, moved),
    changed: (state) => states.push(state), ...more,
  });
  const parts = { adoption, network, clock, storage, states, result: 'running' };
  return parts;
}

async function run(parts) {
  parts.adoption.run().then(
    () => { parts.result = 'done'; },
    (error) => { parts.result = error; },
  );
  await parts.clock.advance(0);
  return parts;
}

const adopted = (pairs, cursor = null) => ({
  type: 'adopted', cursor,
  conversations: Object.entries(pairs).map(([was, conversationId]) => ({ was, conversationId })),
});
const homes = (storage) =>
  new Outbox({ storage }).of('new1').concat(new Outbox({ storage }).of('new2'))
    .map(({ messageId }) => messageId);

function checkSettled(storage, why = '') {
  const outbox = new Outbox({ storage });
  equal(outbox.size, 3, why);
  equal(homes(storage), ['m main', 'm second'], why);
  const { after, epoch } = outbox.find('m main');
  equal([after, epoch], [7, 'e1'], why);
  equal(keptOpenId(storage), 'new2', why);
  equal(storage.getItem(draftKey('new1')), 'draft of main', why);
  equal(storage.getItem(draftKey('new2')), 'draft of second', why);
  equal(storage.getItem(draftKey('main')), null, why);
  equal(storage.getItem('parley.userId'), null, why);
  equal(storage.getItem('parley.adoption'), null, why);
}

test('a tab that never was a guest has nothing to bring along', async () => {
  const parts = begin({ storage: new FakeStorage() });
  equal(parts.adoption.isDue, false);
  equal(begin().adoption.isDue, true);
});

test('page after page of conversations is asked for, and what the tab keeps goes along', async () => {
  const parts = await run(begin());
  const { network, storage } = parts;
  equal(network.offers, [['ws://x', ['chat.v1', 'token']]]);
  network.latest.accept();
  equal(network.latest.of('adopt'), [{ action: 'adopt', guestId: GUEST, cursor: null }]);
  network.latest.receive(adopted({ main: 'new1' }, 'more'));
  equal(network.latest.of('adopt')[1].cursor, 'more');
  equal(storage.getItem('parley.userId'), GUEST, 'until all is done');
  network.latest.receive(adopted({ second: 'new2' }));
  await parts.clock.advance(0);
  equal(parts.result, 'done');
  checkSettled(storage);
  ok(network.latest.isClosed);
  equal(parts.clock.waiting, 0);
});

test('messages to a conversation that the backend never had begin one of their own', async () => {
  const parts = await run(begin());
  parts.network.latest.accept();
  parts.network.latest.receive(adopted({ main: 'new1', second: 'new2' }));
  await parts.clock.advance(0);
  const outbox = new Outbox({ storage: parts.storage });
  equal(outbox.find('m unheard').conversationId, 'fresh1');
  equal(parts.storage.getItem(draftKey('fresh1')), 'draft of unheard');
});

test('names that objects have by birth are conversations like others', async () => {
  const storage = new FakeStorage([['parley.userId', GUEST]]);
  const names = ['__proto__', 'constructor', 'toString'];
  const outbox = new Outbox({ storage });
  for (const name of names) {
    outbox.add({ messageId: name, conversationId: name, text: 'hi', createdAt: 'now' });
  }
  const parts = await run(begin({ storage }));
  parts.network.latest.accept();
  parts.network.latest.receive({
    type: 'adopted', conversations: [{ was: '__proto__', conversationId: 'new1' }], cursor: null,
  });
  await parts.clock.advance(0);
  equal(names.map((name) => new Outbox({ storage }).find(name).conversationId), ['new1', 'fresh1', 'fresh2']);
});

test('a lost connection has everything asked for again, from the beginning', async () => {
  const parts = await run(begin());
  parts.network.latest.accept();
  parts.network.latest.receive(adopted({ main: 'new1' }, 'more'));
  parts.network.latest.end();
  await parts.clock.advance(1_000);
  parts.network.latest.accept();
  equal(parts.network.latest.of('adopt').map(({ cursor }) => cursor), [null]);
  parts.network.latest.receive(adopted({ main: 'new1', second: 'new2' }));
  await parts.clock.advance(0);
  checkSettled(parts.storage);
});

test('what can be tried again is, whatever it was', async () => {
  const parts = await run(begin());
  parts.network.latest.accept();
  parts.network.latest.receive({ type: 'error', code: 'busy', message: '', retryable: true });
  await parts.clock.advance(1_000);
  parts.network.latest.receive({ message: 'Internal server error' });
  await parts.clock.advance(2_000);
  parts.network.latest.receive({ type: 'error', code: 'rate_limited', retryable: true, retryAfterMs: 9_000 });
  await parts.clock.advance(8_900);
  equal(parts.network.latest.of('adopt').length, 3);
  await parts.clock.advance(4_000);
  equal(parts.network.latest.of('adopt').length, 4);
  for (let second = 0; second < 40; second += 1) {
    await parts.clock.advance(1_000);
    parts.network.latest.receive({ type: 'pong' });
  }
  equal(parts.network.latest.of('adopt').length, 5, 'an answer that does not come');
  equal(parts.result, 'running');
});

test('a token that expires meanwhile is replaced', async () => {
  const asked = [];
  const parts = await run(begin({ credential: (doubts) => `t${asked.push(doubts)}` }));
  parts.network.latest.accept();
  await parts.clock.advance(6_000);
  parts.network.latest.receive({ type: 'error', code: 'token_expired', message: '', retryable: false });
  await parts.clock.advance(1_000);
  equal(asked.map(({ expired }) => expired), [null, 't1']);
});

test('a refusal leaves everything as it was, and it may be tried again, or given up', async () => {
  const storage = guestTab();
  const before = storage.keys.map((key) => [key, storage.getItem(key)]);
  const parts = await run(begin({ storage }));
  parts.network.latest.accept();
  parts.network.latest.receive({ type: 'error', code: 'bad_request', message: '', retryable: false });
  await parts.clock.advance(0);
  ok(parts.result instanceof AdoptionRefused && parts.result.code === 'bad_request');
  equal(storage.keys.map((key) => [key, storage.getItem(key)]), before);
  equal(parts.clock.waiting, 0);
  await run(parts);
  parts.network.latest.accept();
  parts.network.latest.receive(adopted({ main: 'new1', second: 'new2' }));
  await parts.clock.advance(0);
  checkSettled(storage);
  const other = begin();
  other.adoption.renounce();
  equal(other.adoption.isDue, false);
  equal(new Outbox({ storage: other.storage }).size, 3);
});

/** Storage that breaks at the k-th change, as a page does that is closed there. */
function breaking(storage, changes) {
  let left = changes;
  const change = (name) => (...values) => {
    if (left === 0) throw new Error('closed');
    left -= 1;
    storage[name](...values);
  };
  return {
    getItem: (key) => storage.getItem(key),
    setItem: change('setItem'),
    removeItem: change('removeItem'),
  };
}

test('interrupted at any change and reloaded, it goes on and loses nothing', async () => {
  let interruptions = 0;
  for (let changes = 0; ; changes += 1) {
    const storage = guestTab();
    const first = await run(begin({ storage: breaking(storage, changes) }));
    first.network.latest.accept();
    first.network.latest.receive(adopted({ main: 'new1', second: 'new2' }));
    await first.clock.advance(0);
    if (first.result === 'done') break;
    interruptions += 1;
    const again = begin({ storage, keep: (moved) => moveKept(storage, moved) });
    if (again.adoption.isDue) {
      await run(again);
      if (again.network.latest !== undefined) {
        again.network.latest.accept();
        again.network.latest.receive(adopted({ main: 'new1', second: 'new2' }));
        await again.clock.advance(0);
      }
      equal(again.result, 'done', `after ${changes} changes`);
    }
    checkSettled(storage, `after ${changes} changes`);
  }
  ok(interruptions >= 4, `${interruptions} interruptions`);
});

test('cut off and reloaded at random, over any network, it comes to its end once', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seeded(seed);
    const storage = guestTab();
    const pages = [adopted({ main: 'new1' }, 'a'), adopted({ second: 'new2' })];
    let parts = await run(begin({ storage }));
    for (let step = 0; step < 400 && parts.result !== 'done'; step += 1) {
      const { latest } = parts.network;
      const dice = random();
      if (latest !== undefined && latest.onopen && dice < 0.3) latest.accept();
      else if (latest !== undefined && dice < 0.4) latest.end();
      else if (dice < 0.45) {
        parts.result = 'left';
        parts = await run(begin({ storage }));
      } else if (dice < 0.8) {
        const asked = latest?.of('adopt').at(-1);
        if (asked) latest.receive(pages[asked.cursor === 'a' ? 1 : 0]);
      } else if (dice < 0.85) latest?.receive({ message: 'Internal server error' });
      await parts.clock.advance(random() * 2_000);
    }
    equal(parts.result, 'done', `seed ${seed}`);
    checkSettled(storage, `seed ${seed}`);
  }
});
