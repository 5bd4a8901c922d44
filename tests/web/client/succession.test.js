import { equal, ok, test } from '../harness.js';
import { begin as beginClient, connected } from './clients.js';
import { Connection } from '../../../web-client/client/connection.js';
import { NoCredential } from '../../../web-client/client/credential.js';
import { FakeClock, FakeNetwork, snapshot, turnFrame } from './fakes.js';

const MINUTE = 60_000;
const LIFETIME = 120 * MINUTE;

/** An open connection whose heartbeat is answered as time passes. */
function begin({ random = () => 0, ...options } = {}) {
  const clock = new FakeClock();
  const network = new FakeNetwork();
  const seen = { states: [], frames: [], lost: [], succeeded: 0 };
  const connection = new Connection({
    open: network.open, clock, random,
    listener: {
      state: (state) => seen.states.push(state),
      frame: (frame) => seen.frames.push(frame),
      lost: (code) => seen.lost.push(code),
      succeeded: () => (seen.succeeded += 1),
    },
    ...options,
  });
  connection.start();
  network.latest.accept();
  return { clock, network, connection, seen };
}

/** Let time pass on a socket that answers. */
async function live(clock, socket, milliseconds) {
  for (let left = milliseconds; left > 0; left -= MINUTE) {
    await clock.advance(Math.min(left, MINUTE));
    if (!socket.isClosed) socket.receive({ type: 'pong' });
  }
}

/** The handshake and the proof of a successor. */
function prove(socket) {
  socket.accept();
  equal(socket.of('ping').length, 1);
  socket.receive({ type: 'pong' });
}

test('another socket is in use before the two hours are over, and the state never changed', async () => {
  const { clock, network, connection, seen } = begin();
  const [old] = network.sockets;
  await live(clock, old, LIFETIME - 4 * MINUTE);
  equal(network.sockets.length, 1);
  await live(clock, old, MINUTE);
  equal(network.sockets.length, 2);
  connection.send({ action: 'resume' });
  equal(old.of('resume').length, 1, 'the old one serves until the new one is proven');
  prove(network.latest);
  connection.send({ action: 'resume' });
  equal(network.latest.of('resume').length, 1);
  network.latest.receive({ type: 'pong' });
  equal(old.isClosed, false);
  await clock.advance(34_000);
  equal(old.isClosed, false, 'an answer may take so long');
  await clock.advance(1_000);
  ok(old.isClosed);
  equal([seen.states, seen.lost, seen.succeeded], [['connecting', 'connected'], [], 1]);
});

test('successors are opened at different times, and each has one of its own', async () => {
  const opened = [];
  for (const chance of [0, 0.5, 0.999]) {
    const { clock, network } = begin({ random: () => chance });
    for (let number = 0; number < 3; number += 1) {
      const socket = network.latest;
      const before = clock.now();
      while (network.latest === socket) await live(clock, socket, 1_000);
      opened.push(Math.round((clock.now() - before) / MINUTE));
      prove(network.latest);
    }
    ok(network.sockets.length === 4);
  }
  equal(opened, [117, 117, 117, 112, 112, 112, 107, 107, 107]);
});

test('what still comes on the old socket is taken, and what comes on both is passed on twice', async () => {
  const { clock, network, connection, seen } = begin();
  const [old] = network.sockets;
  connection.relieve();
  await clock.advance(0);
  network.latest.accept();
  network.latest.receive(turnFrame(1));
  old.receive(turnFrame(1));
  old.receive({ type: 'pong' });
  equal(seen.frames.map(({ type }) => type), ['turn', 'turn', 'pong']);
  await clock.advance(35_000);
  old.receive(turnFrame(2));
  equal(seen.frames.length, 3);
});

test('a successor that is refused, silent, cut or impossible leaves the old socket in use', async () => {
  const refusals = {
    refused: (socket) => socket.end(),
    silent: () => {},
    'open, and silent': (socket) => socket.accept(),
    'open, and closed': (socket) => { socket.accept(); socket.end(1001); },
  };
  for (const refuse of Object.values(refusals)) {
    const { clock, network, connection, seen } = begin();
    connection.relieve();
    await clock.advance(0);
    const [old, failed] = network.sockets;
    refuse(failed);
    while (!failed.isClosed) await clock.advance(1_000);
    equal([seen.states.at(-1), seen.succeeded], ['connected', 0]);
    equal(connection.send({ action: 'resume' }), true);
    equal(old.of('resume').length, 1);
    old.receive({ type: 'pong' });
    await clock.advance(28_000);
    equal(network.sockets.length, 2, 'in a while');
    await clock.advance(2_000);
    equal(network.sockets.length, 3, 'it is tried again');
    prove(network.latest);
    equal([seen.states.at(-1), seen.succeeded, seen.lost], ['connected', 1, []]);
  }
});

test('without a credential the old socket goes on, and it is asked for again', async () => {
  let asked = 0;
  const { clock, network, connection, seen } = begin({
    credential: () => {
      asked += 1;
      return asked === 1 ? 'first' : Promise.reject(new NoCredential());
    },
  });
  connection.relieve();
  await live(clock, network.latest, 2 * MINUTE);
  ok(asked > 2 && asked < 8, `${asked} times`);
  equal([network.sockets.length, seen.states.at(-1)], [1, 'connected']);
});

test('when the old socket is lost while its successor opens, all begins anew', async () => {
  const { clock, network, connection, seen } = begin();
  connection.relieve();
  await clock.advance(0);
  const [old, successor] = network.sockets;
  old.end(1001);
  ok(successor.isClosed);
  equal(seen.states.at(-1), 'connecting');
  await clock.advance(300);
  network.latest.accept();
  equal([network.sockets.length, seen.states.at(-1), seen.lost], [3, 'connected', [1001]]);
  successor.receive({ type: 'pong' });
  equal(seen.succeeded, 0);
});

test('the heartbeat is that of the new socket', async () => {
  const { clock, network, connection, seen } = begin();
  connection.send({ action: 'resume' });
  connection.relieve();
  await clock.advance(0);
  prove(network.latest);
  await clock.advance(30_000);
  equal(seen.lost, [], 'what was asked on the old one is no reproach to the new');
  await clock.advance(4 * MINUTE - 30_000);
  equal(network.latest.of('ping').length, 2);
  await clock.advance(10_000);
  equal(seen.lost, [1006]);
});

test('an end of the old credential that is told late does not end the new socket', async () => {
  const { clock, network, connection, seen } = begin();
  const [old] = network.sockets;
  connection.relieve();
  await clock.advance(0);
  prove(network.latest);
  old.receive({ type: 'error', code: 'token_expired' });
  old.end(1000);
  equal([seen.frames.length, seen.lost, connection.state], [1, [], 'connected']);
});

test('only what is connected is relieved, and no timer outlives a stop', async () => {
  const { clock, network, connection } = begin();
  connection.relieve();
  await clock.advance(0);
  prove(network.latest);
  connection.relieve();
  connection.stop();
  equal(clock.waiting, 0);
  await clock.advance(0);
  ok(network.sockets.every(({ isClosed }) => isClosed));
  connection.relieve();
  await clock.advance(0);
  equal(network.sockets.length, 2);
});

test('a client resumes on the new connection and shows what came on both once', async () => {
  const { client, network, clock, conversation } = await connected();
  const states = [];
  client.addEventListener('status', () => states.push(client.state));
  const [old] = network.sockets;
  old.receive(turnFrame(1));
  client.relieve();
  await clock.advance(0);
  const successor = network.latest;
  client.send('main', 'asked on the old one');
  prove(successor);
  equal(successor.of('resume').map(({ after }) => after), [1]);
  const mine = turnFrame(2, { messageId: 'id1', text: 'asked on the old one' });
  old.receive(mine);
  successor.receive(snapshot(2, 2, { more: false, turns: [mine.turn] }));
  for (const socket of [successor, old]) socket.receive(turnFrame(3));
  await clock.advance(0);
  equal(conversation.turns.map(({ seq }) => seq), [1, 2, 3]);
  equal(client.unsent('main'), []);
  equal(successor.of('message').length + old.of('message').length, 1);
  client.send('main', 'asked on the new one');
  equal(successor.of('message').length, 1);
  equal(states, []);
});

test('a reply goes on growing while the connection changes', async () => {
  const { client, network, clock, conversation } = await connected();
  const [old] = network.sockets;
  const pending = turnFrame(1, { reply: '', status: 'pending', completedAt: null });
  const delta = (offset, text) => ({
    type: 'delta', conversationId: 'main', epoch: 'e1', seq: 1, attempt: 1, offset, text,
  });
  old.receive(pending);
  old.receive(delta(0, 'one '));
  client.relieve();
  await clock.advance(0);
  prove(network.latest);
  old.receive(delta(4, 'two '));
  network.latest.receive(delta(0, 'one two '));
  network.latest.receive(delta(8, 'three'));
  old.receive(delta(8, 'three'));
  equal(conversation.turns[0].reply, 'one two three');
  await clock.advance(35_000);
  ok(old.isClosed);
  network.latest.receive(turnFrame(1, { reply: 'one two three' }));
  equal(conversation.turns.map(({ reply, status }) => [reply, status]), [['one two three', 'done']]);
});

test('a question that was asked on the old connection is answered there', async () => {
  const { client, network, clock } = await connected();
  const [old] = network.sockets;
  old.receive(turnFrame(1));
  let isDone = false;
  client.rename('main', 'Another').then(() => (isDone = true));
  client.relieve();
  await clock.advance(0);
  prove(network.latest);
  await clock.advance(20_000);
  old.receive(snapshot(1, 0, { title: 'Another', head: 1 }));
  await clock.advance(0);
  ok(isDone);
});

test('each new connection is opened with a credential of its own', async () => {
  const shown = [];
  const { client, network, clock } = beginClient({
    credential: () => {
      shown.push(`token ${shown.length + 1}`);
      return shown.at(-1);
    },
  });
  await clock.advance(0);
  network.latest.accept();
  client.relieve();
  await clock.advance(0);
  equal(network.offers.map(([, protocols]) => protocols[1]), ['token 1', 'token 2']);
});
