import { Promises } from '../../../../actors/node/agent/promises.ts';
import { PROMISE_MS } from '../../../../actors/node/protocol.ts';
import { ManualClock } from '../../../../messaging/memory/manual-clock.ts';
import { seededRandom } from '../../../../messaging/memory/seeded-random.ts';

const asks = (cpuMillis: number, memoryBytes = 0, ...ports: number[]) => ({
  cpuMillis,
  memoryBytes,
  hostPorts: ports.map((port) => ({ port, protocol: 'TCP', hostIP: '' })),
});

function promises(capacity = { cpuMillis: 1_000, memoryBytes: 1_000, pods: 3 }) {
  const clock = new ManualClock();
  return { clock, node: new Promises(capacity, clock) };
}

test('room is promised once, and refused in the words of Kubernetes', () => {
  const { node } = promises();
  expect(node.offer('a', asks(600))).toBeUndefined();
  expect(node.offer('b', asks(600))).toBe('Insufficient cpu');
  expect(node.offer('c', asks(400, 1_001))).toBe('Insufficient memory');
  expect(node.offer('d', asks(0, 0, 80))).toBeUndefined();
  expect(node.offer('e', asks(0, 0, 80))).toBe("node(s) didn't have free ports for the requested pod ports");
  expect(node.offer('f', asks(400, 1_000))).toBeUndefined();
  expect(node.offer('g', asks(0))).toBe('Too many pods');
});

test('the same pod may ask again and again', () => {
  const { node } = promises();
  for (let time = 0; time < 5; time += 1) expect(node.offer('a', asks(1_000, 1_000, 80))).toBeUndefined();
  expect(node.used).toEqual({ cpuMillis: 1_000, memoryBytes: 1_000, pods: 1 });
});

test('a promise lapses, a commitment does not', async () => {
  const { clock, node } = promises();
  node.offer('a', asks(1_000));
  await clock.advance(PROMISE_MS - 1);
  expect(node.offer('b', asks(1_000))).toBe('Insufficient cpu');
  await clock.advance(1);
  expect(node.offer('b', asks(1_000))).toBeUndefined();
  expect(node.commit('b', asks(1_000))).toBeUndefined();
  await clock.advance(10 * PROMISE_MS);
  expect(node.offer('c', asks(1))).toBe('Insufficient cpu');
  expect(node.offer('b', asks(1_000))).toBeUndefined();
  node.release('b');
  expect(node.offer('c', asks(1))).toBeUndefined();
});

test('an order without a promise needs room', () => {
  const { node } = promises();
  node.commit('a', asks(900));
  expect(node.commit('b', asks(200))).toBe('Insufficient cpu');
  expect(node.commit('b', asks(100))).toBeUndefined();
});

test.each([
  ['', '10.0.0.1', true],
  ['0.0.0.0', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
])('a host port on %j and on %j conflict: %s', (a, b, conflict) => {
  const { node } = promises();
  const port = (hostIP: string) => ({ ...asks(0), hostPorts: [{ port: 80, protocol: 'TCP', hostIP }] });
  node.commit('a', port(a));
  expect(node.offer('b', port(b)) !== undefined).toBe(conflict);
  const udp = { ...asks(0), hostPorts: [{ port: 80, protocol: 'UDP', hostIP: '' }] };
  expect(node.offer('c', udp)).toBeUndefined();
});

test('whatever is asked in whatever order, no more is promised than there is', async () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const random = seededRandom(seed);
    const capacity = { cpuMillis: 1_000, memoryBytes: 500, pods: 6 };
    const { clock, node } = promises(capacity);
    for (let step = 0; step < 200; step += 1) {
      const uid = `u${random.below(12)}`;
      const request = asks(random.below(500), random.below(300), ...(random.below(3) === 0 ? [80] : []));
      const act = random.below(10);
      if (act < 5) node.offer(uid, request);
      else if (act < 8) node.commit(uid, request);
      else if (act < 9) node.release(uid);
      else await clock.advance(random.below(PROMISE_MS));
      expect(node.used.cpuMillis).toBeLessThanOrEqual(capacity.cpuMillis);
      expect(node.used.memoryBytes).toBeLessThanOrEqual(capacity.memoryBytes);
      expect(node.used.pods).toBeLessThanOrEqual(capacity.pods);
      expect(node.used.cpuMillis).toBeGreaterThanOrEqual(0);
    }
  }
});
