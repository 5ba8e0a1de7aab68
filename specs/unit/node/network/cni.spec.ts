import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bridgeName, writeCni } from '../../../../actors/node/agent/network/cni.ts';
import { giveForwarding, takeForwarding } from '../../../../actors/node/agent/network/forwarding.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp('/tmp/troupe-cni-');
});
afterEach(() => rm(directory, { recursive: true }));

test("a bridge's name fits an interface and differs from node to node", () => {
  const names = ['/var/lib/troupe/a', '/var/lib/troupe/b', '/var/lib/troupe/a/'].map(bridgeName);
  expect(names[0]).toMatch(/^troupe[0-9a-f]{9}$/);
  expect(names[1]).not.toBe(names[0]);
  expect(names[2]).toBe(names[0]);
});

test.each(['', 'much-too-long-name', 'Upper', 'a b', '1st', '../x'])(
  '%j cannot name a bridge',
  async (bridge) => {
    await expect(writeCni({ directory, bridge, podCIDR: '10.1.2.0/24' })).rejects.toMatchObject({
      code: 'SETUP',
    });
    expect(await readdir(directory)).toEqual([]);
  },
);

describe('forwarding', () => {
  const places = () => ({
    switchFile: path.join(directory, 'switch'),
    memory: path.join(directory, 'run', 'memory'),
  });
  const value = () => readFile(places().switchFile, 'utf8');

  test.each(['0\n', '1\n'])(
    'stands as it stood (%j) after the last node is gone, not after the first',
    async (before) => {
      await writeFile(places().switchFile, before);
      for (const user of ['a', 'b', 'a']) await takeForwarding(user, places());
      expect(await value()).toBe('1\n');
      await giveForwarding('a', places());
      await giveForwarding('a', places());
      expect(await value()).toBe('1\n');
      await giveForwarding('b', places());
      expect(await value()).toBe(before);
      await expect(stat(path.dirname(places().memory))).rejects.toMatchObject({ code: 'ENOENT' });
      await giveForwarding('b', places());
      expect(await value()).toBe(before);
    },
  );
});
