import { Backoff } from '../../../web-client/client/backoff.js';
import { GATEWAY_ERROR, parseFrame } from '../../../web-client/client/frames.js';
import { guestId, randomUuid } from '../../../web-client/client/guest.js';
import { countCharacters, fits } from '../../../web-client/client/limits.js';
import { Outbox, OutboxFull } from '../../../web-client/client/outbox.js';
import { ReplyParts } from '../../../web-client/client/reply-parts.js';
import { TabStorage } from '../../../web-client/client/tab-storage.js';
import { equal, ok, seeded, test, throws } from '../harness.js';
import { FakeStorage, snapshot } from './fakes.js';

test('backoff doubles its ceiling up to the cap and begins again after a reset', () => {
  const backoff = new Backoff({ base: 100, cap: 1_000, random: () => 1 });
  equal([1, 2, 3, 4, 5, 6].map(() => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  equal(backoff.next(50), 50);
  backoff.reset();
  equal(backoff.next(), 100);
});

test('backoff spreads waits over the whole range below its ceiling', () => {
  const backoff = new Backoff({ base: 1_000, cap: 1_000, random: seeded(1) });
  const waits = Array.from({ length: 1_000 }, () => backoff.next());
  ok(Math.min(...waits) < 50 && Math.max(...waits) > 950);
});

test('what is no frame of the contract reads as nothing and never throws', () => {
  const bad = [
    '', '{', 'null', '[]', '1', '"turn"', '{}', '{"type":"turn"}', '{"type":"constructor"}',
    '{"type":"snapshot","conversationId":"main","turns":[null]}', '{"type":5}', '{"message":5}',
    '{"type":"delta","conversationId":"main","seq":0,"attempt":1,"offset":0,"text":"a"}',
    undefined, new ArrayBuffer(3), '{"type":"conversations","conversations":[null]}',
  ];
  for (const text of bad) equal(parseFrame(text), null, String(text));
});

test('frames that API Gateway itself sends have no type and are given one', () => {
  const text = '{"message": "Internal server error", "connectionId":"a=","requestId":"b="}';
  equal(parseFrame(text), {
    type: GATEWAY_ERROR, message: 'Internal server error', correlationId: 'b=',
  });
});

test('a good frame is read with its unknown fields', () => {
  const frame = { ...snapshot(1, 2), novelty: true };
  equal(parseFrame(JSON.stringify(frame)), frame);
});

test('the guest id is made once a tab and kept', () => {
  const storage = new FakeStorage();
  const id = guestId(storage);
  ok(/^[0-9a-f-]{36}$/.test(id));
  equal(storage.getItem('parley.userId'), id);
  equal(guestId(storage), id);
});

test('a guest id that is no UUID of version 4 is replaced', () => {
  const storage = new FakeStorage([['parley.userId', 'guess-me']]);
  ok(guestId(storage) !== 'guess-me');
});

test('an insecure context without randomUUID still gets a random UUID of version 4', () => {
  const bytes = { getRandomValues: (array) => array.fill(255) };
  equal(randomUuid(bytes), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
});

test('characters are counted as code points and the limit is exact', () => {
  equal(countCharacters('a🙂é'), 3);
  ok(fits('🙂'.repeat(4_000)), 'four bytes each');
  ok(fits('a'.repeat(4_000)) && !fits('a'.repeat(4_001)));
  ok(!fits(' \n ') && !fits(''));
  ok(!fits('\u0001'.repeat(4_000)), 'control characters take six bytes each as JSON');
});

test('a reply in parts comes together whatever their order and however often they come', () => {
  const random = seeded(7);
  const whole = Array.from({ length: 60 }, (_, i) => (i % 7 === 0 ? '🙂' : String(i % 10))).join('');
  const points = Array.from(whole);
  for (let round = 0; round < 50; round += 1) {
    const parts = new ReplyParts();
    const pieces = [];
    for (let at = 0; at < points.length; at += 5) pieces.push([at, points.slice(at, at + 7).join('')]);
    const shuffled = [...pieces, ...pieces].sort(() => random() - 0.5);
    for (const [offset, text] of shuffled) parts.add(1, offset, text);
    equal(parts.text, whole);
    equal(parts.length, points.length);
    ok(!parts.hasHole);
  }
});

test('a higher attempt replaces a reply and a lower one is ignored', () => {
  const parts = new ReplyParts();
  parts.add(1, 0, 'first try');
  parts.add(2, 0, 'second');
  equal(parts.add(1, 6, ' goes on'), false);
  equal(parts.text, 'second');
});

const message = (id, more = {}) => ({
  messageId: id, conversationId: 'main', text: 'hi', createdAt: 'now', ...more,
});

test('the outbox survives a reload with position and order', () => {
  const storage = new FakeStorage();
  const outbox = new Outbox({ storage });
  outbox.add(message('a'));
  outbox.add(message('b'));
  outbox.stamp('a', { after: 7, epoch: 'e1' });
  outbox.fail('b', { code: 'too_large', message: '' });
  const reloaded = new Outbox({ storage });
  equal(reloaded.of('main'), outbox.of('main'));
  equal(reloaded.next('main').after, 7);
});

test('the outbox is bounded and says so', () => {
  const outbox = new Outbox({ storage: new FakeStorage(), limit: 2 });
  outbox.add(message('a'));
  outbox.add(message('b'));
  throws(() => outbox.add(message('c')), OutboxFull);
});

test('an outbox that was tampered with is read as far as it makes sense', () => {
  for (const text of ['{', 'null', '{"entries":5}', '{"entries":[null,{"messageId":"a"}]}']) {
    equal(new Outbox({ storage: new FakeStorage([['parley.outbox', text]]) }).size, 0);
  }
});

test('the epoch of a conversation that did not exist is not sent', () => {
  const outbox = new Outbox({ storage: new FakeStorage() });
  outbox.add(message('a'));
  outbox.stamp('a', { after: 0, epoch: '' });
  equal('epoch' in outbox.next('main'), false);
});

test('storage that the browser refuses is replaced by memory', () => {
  const refused = new TabStorage(() => {
    throw new Error('SecurityError');
  });
  refused.setItem('a', 'b');
  equal(refused.getItem('a'), 'b');
  const full = new TabStorage(() => ({
    getItem: () => 'old', removeItem() {}, setItem() { throw new Error('QuotaExceeded'); },
  }));
  full.setItem('a', 'new');
  equal(full.getItem('a'), 'new');
});
