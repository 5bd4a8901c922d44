import { Connection } from '../../../web-client/client/connection.js';
import { Heartbeat } from '../../../web-client/client/heartbeat.js';
import { equal, ok, test } from '../harness.js';
import { FakeClock, FakeNetwork } from './fakes.js';

const MINUTE = 60_000;

function begin(options = {}) {
  const clock = new FakeClock();
  const network = new FakeNetwork();
  const seen = { states: [], frames: [], lost: [] };
  const connection = new Connection({
    open: network.open,
    clock,
    random: () => 1,
    listener: {
      state: (state) => seen.states.push(state),
      frame: (frame) => seen.frames.push(frame),
      lost: (code) => seen.lost.push(code),
    },
    ...options,
  });
  connection.start();
  return { clock, network, connection, seen };
}

test('a connection opens, passes frames on and refuses to send before and after', () => {
  const { network, connection, seen } = begin();
  equal(connection.send({ action: 'ping' }), false);
  network.latest.accept();
  equal(seen.states, ['connecting', 'connected']);
  equal(connection.send({ action: 'ping' }), true);
  network.latest.receive({ type: 'pong' });
  network.latest.receive('not JSON');
  equal(seen.frames, [{ type: 'pong' }]);
  connection.stop();
  equal(connection.send({ action: 'ping' }), false);
  ok(network.latest.isClosed);
});

test('a lost connection is opened again at once, a refused one after growing waits', async () => {
  const { clock, network, seen } = begin();
  network.latest.accept();
  network.latest.end();
  equal(seen.states.at(-1), 'connecting');
  await clock.advance(300);
  equal(network.sockets.length, 2);
  const opened = [];
  for (let second = 0; second < 120; second += 1) {
    if (!network.latest.isClosed) network.latest.end();
    const before = network.sockets.length;
    await clock.advance(1_000);
    opened.push(network.sockets.length - before);
  }
  equal(seen.states.at(-1), 'offline');
  ok(network.sockets.length < 15, `${network.sockets.length} tries in two minutes`);
  ok(opened.slice(60).reduce((sum, n) => sum + n) >= 2, 'it never gives up');
});

test('a server that closes right after opening is not met with a hot loop', async () => {
  const { clock, network } = begin();
  for (let step = 0; step < 600; step += 1) {
    const socket = network.latest;
    if (socket.onopen) {
      socket.accept();
      socket.receive({ type: 'error', code: 'token_expired' });
      socket.end(1000);
    }
    await clock.advance(100);
  }
  ok(network.sockets.length < 12, `${network.sockets.length} connections in a minute`);
});

test('a connection that lived a while begins its waits anew', async () => {
  const { clock, network, connection } = begin();
  for (let i = 0; i < 6; i += 1) {
    network.latest.end();
    await clock.advance(30_000);
  }
  network.latest.accept();
  await clock.advance(5_000);
  network.latest.end();
  ok(connection.retryAt - clock.now() <= 300);
});

test('an address that the browser refuses counts as a failed try', async () => {
  let tries = 0;
  const { clock, seen } = begin({ open: () => { tries += 1; throw new SyntaxError('bad address'); } });
  equal(seen.states.at(-1), 'offline');
  await clock.advance(MINUTE);
  ok(tries > 3 && tries < 15);
});

test('a handshake that never ends is given up', async () => {
  const { clock, network } = begin();
  await clock.advance(16_000);
  ok(network.sockets[0].isClosed);
  ok(network.sockets.length === 2);
});

test('an idle connection is pinged well before ten minutes', async () => {
  const { clock, network } = begin();
  network.latest.accept();
  for (let minute = 0; minute < 30; minute += 1) {
    await clock.advance(MINUTE);
    const pings = network.latest.of('ping').length;
    if (pings > minute / 5) network.latest.receive({ type: 'pong' });
  }
  equal(network.sockets.length, 1);
  ok(network.latest.of('ping').length >= 6);
});

test('a half-open socket is found out after what was sent stays unanswered', async () => {
  const { clock, network, connection, seen } = begin();
  network.latest.accept();
  connection.send({ action: 'message' });
  await clock.advance(9_000);
  equal(network.latest.of('ping').length, 0);
  await clock.advance(11_500);
  equal(seen.lost, [1006]);
  ok(network.sockets[0].isClosed);
  equal(network.sockets.length, 2);
});

test('a slow answer is waited for as long as the connection lives', async () => {
  const { clock, network, connection, seen } = begin();
  network.latest.accept();
  connection.send({ action: 'message' });
  await clock.advance(10_000);
  network.latest.receive({ type: 'pong' });
  await clock.advance(MINUTE);
  equal(seen.lost, []);
});

test('waking probes a connection and ends a wait', async () => {
  const { clock, network, connection } = begin();
  network.latest.accept();
  connection.wake();
  equal(network.latest.of('ping').length, 1);
  await clock.advance(5_500);
  equal(network.sockets.length, 2);
  for (let i = 0; i < 8; i += 1) {
    network.latest.end();
    await clock.advance(i < 7 ? 30_000 : 1);
  }
  const tries = network.sockets.length;
  connection.wake();
  equal(network.sockets.length, tries + 1);
});

test('a lost network shows at once and is tried again all the same', async () => {
  const { clock, network, connection, seen } = begin();
  network.latest.accept();
  connection.networkLost();
  equal(seen.states.at(-1), 'offline');
  equal(seen.lost, [1006]);
  await clock.advance(10_000);
  equal(network.sockets.length, 2);
});

test('late events of a socket that was left change nothing', () => {
  const { network, connection, seen } = begin();
  const first = network.latest;
  first.accept();
  connection.reconnect();
  network.latest.accept();
  first.receive({ type: 'pong' });
  first.end();
  equal(seen.frames, []);
  equal(connection.state, 'connected');
});

test('a stopped connection leaves no timer behind', () => {
  const { clock, network, connection } = begin();
  network.latest.accept();
  connection.send({ action: 'message' });
  connection.stop();
  equal(clock.waiting, 0);
});

test('a heartbeat does not question silence while answers come', async () => {
  const clock = new FakeClock();
  let pings = 0;
  const heartbeat = new Heartbeat({ clock, ping: () => (pings += 1), lost: () => ok(false) });
  heartbeat.start();
  for (let i = 0; i < 100; i += 1) {
    heartbeat.sent();
    await clock.advance(5_000);
    heartbeat.heard();
  }
  equal(pings, 0);
});
