// One host, a talkative fake agent, a client: the conversation of a pod from its creation to its end.
import { KernelWorld, podNamed } from '../../support/kernel-world.ts';

test('a pod is created, placed, run, reported and deleted; each step is announced', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const agent = await world.agent('n1');
  const client = world.client();
  const facts = world.facts();
  const made = await world.clock.until(client.create(podNamed('web')));
  expect(made.metadata).toMatchObject({ name: 'web', namespace: 'default', generation: 1 });
  expect(made.status).toEqual({ phase: 'Pending' });
  await world.clock.advance(100);
  const running = await world.clock.until(client.get('pods', 'default/web'));
  expect(running.spec).toMatchObject({ nodeName: 'n1' });
  expect(running.status).toMatchObject({ phase: 'Running', podIP: '10.244.0.7' });
  expect(running.metadata.generation).toBe(1);
  await world.clock.until(client.delete('pods', 'default/web'));
  await world.clock.advance(100);
  await expect(world.clock.until(client.get('pods', 'default/web'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'pods "web" not found',
  });
  expect(agent.orders.map(({ verb }) => verb)).toEqual(['offer', 'run', 'stop']);
  expect(facts).toEqual(
    ['created', 'scheduled', 'ready', 'deleting', 'deleted'].map((fact) => `pods.default.web.${fact}`),
  );
});

test('orders carry the revision of the commit that asked for them, each higher than the last', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const agent = await world.agent('n1');
  const client = world.client();
  const made = await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(100);
  await world.clock.until(client.delete('pods', 'default/web'));
  await world.clock.advance(100);
  const fences = agent.orders.map(({ body }) => body.fence as number);
  expect(fences[0]).toBe(Number(made.metadata.resourceVersion));
  expect(fences).toEqual([...fences].sort((left, right) => left - right));
  expect(new Set(fences).size).toBe(3);
});

test('refused everywhere, a pod waits with the reason, and runs when a node gives way', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const agent = await world.agent('n1');
  agent.refuse = 'Insufficient cpu';
  const client = world.client();
  await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(100);
  const waiting = await world.clock.until(client.get('pods', 'default/web'));
  expect(waiting.status).toMatchObject({
    phase: 'Pending',
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: '0/1 nodes are available: 1 Insufficient cpu.',
      },
    ],
  });
  agent.refuse = undefined;
  await world.clock.advance(10_000);
  const running = await world.clock.until(client.get('pods', 'default/web'));
  expect(running.status).toMatchObject({ phase: 'Running' });
});

test('without nodes the reason says so', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const client = world.client();
  await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(100);
  const waiting = await world.clock.until(client.get('pods', 'default/web'));
  expect(waiting.status).toMatchObject({ conditions: [{ message: 'no nodes available to schedule pods' }] });
});

test('the host restarts in the middle of a start: the order to run goes out again', async () => {
  const world = new KernelWorld();
  const first = await world.host('h1');
  const agent = await world.agent('n1', false);
  const client = world.client();
  await world.clock.until(client.create(podNamed('web')));
  await world.clock.advance(50);
  expect(agent.orders.map(({ verb }) => verb)).toEqual(['offer', 'run']);
  first.crash();
  world.network.crash('h1');
  agent.orders.length = 0;
  await world.host('h1');
  await world.clock.advance(50);
  expect(agent.orders.map(({ verb }) => verb)).toContain('run');
});

test('a node whose heartbeat stops turns Unknown, and Ready when it is heard again', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  await world.agent('n1');
  const bus = world.network.bus('n1');
  const beat = () => bus.publish('troupe.spec.beat.n1', Buffer.from('{"node":"n1"}'));
  const readiness = async () => {
    const node = await world.clock.until(world.client().get('nodes', 'n1'));
    const { conditions } = node.status as { conditions: { type: string; status: string }[] };
    return conditions.find(({ type }) => type === 'Ready')?.status;
  };
  beat();
  await world.clock.advance(2_000);
  expect(await readiness()).toBe('True');
  await world.clock.advance(45_000);
  expect(await readiness()).toBe('Unknown');
  beat();
  await world.clock.advance(2_000);
  expect(await readiness()).toBe('True');
});

test('each node gets a range of pod addresses of its own, none that its machine already routes', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  await Promise.all([world.agent('n1'), world.agent('n2'), world.agent('n3')]);
  const { items } = await world.clock.until(world.client().list('nodes'));
  const ranges = items.map(({ spec }) => (spec as { podCIDR: string }).podCIDR);
  expect([...ranges].sort()).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);
});

test('a namespace that does not exist takes nothing', async () => {
  const world = new KernelWorld();
  await world.host('h1');
  const client = world.client();
  const made = client.create({ ...podNamed('web'), metadata: { name: 'web', namespace: 'nowhere' } });
  await expect(world.clock.until(made)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'namespaces "nowhere" not found',
  });
});
