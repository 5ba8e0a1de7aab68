// What only the real side has: a private containerd that outlives its agent and leaves nothing behind, however it ends.
import { readFile, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeCgroup } from '../../actors/node/agent/runtime/cgroups.ts';
import { startContainerd } from '../../actors/node/agent/runtime/containerd.ts';
import { containerdPaths } from '../../actors/node/agent/runtime/containerd-config.ts';
import type { SandboxConfig } from '../../actors/node/agent/runtime/port.ts';
import { shimsOf } from '../../actors/node/agent/runtime/processes.ts';
import { runProgram } from '../../actors/node/agent/runtime/programs.ts';
import { systemClock } from '../../messaging/system/clock.ts';
import { type RealRuntime, startRealRuntime } from '../support/real-runtime.ts';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const HOST_PORT = 39_180;
const BOUND_MS = 60_000;

function podOf(real: RealRuntime, name: string, hostPort?: number): SandboxConfig {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    attempt: 0,
    hostname: name,
    logDirectory: path.join(real.directory, 'logs', name),
    cgroupParent: `${real.cgroupRoot}/${name}`,
    portMappings: hostPort === undefined ? [] : [{ protocol: 'TCP', containerPort: 80, hostPort }],
  };
}

async function runSleeper(real: RealRuntime, name: string, hostPort?: number): Promise<string> {
  const config = podOf(real, name, hostPort);
  const image = await real.runtime.pullImage('busybox');
  const sandbox = await real.runtime.runPodSandbox(config);
  const command = ['sh', '-c', 'sleep 3600 & sleep 3600'];
  const id = await real.runtime.createContainer(
    sandbox,
    { name: 'main', attempt: 0, image, command },
    config,
  );
  await real.runtime.startContainer(id);
  return id;
}

/** portmap's chains stay only as long as some node of this machine has a port in use. */
async function expectNoIdleChains(): Promise<void> {
  const rules = await natRules();
  expect(rules.includes('-N CNI-HOSTPORT-DNAT')).toBe(rules.includes('-A CNI-HOSTPORT-DNAT'));
}

const natRules = async () => (await runProgram('iptables', ['-w', '-t', 'nat', '-S'])).stdout;

test(
  'it is adopted by the agent that comes next, and has a session and a mount namespace of its own',
  async () => {
    const real = await startRealRuntime();
    try {
      const { pid } = real.containerd;
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      expect({ group: Number(fields[2]), session: Number(fields[3]) }).toEqual({ group: pid, session: pid });
      expect(await readlink(`/proc/${pid}/ns/mnt`)).not.toBe(await readlink('/proc/self/ns/mnt'));
      expect((await stat(path.join(real.containerdDirectory, 'config.toml'))).mode & 0o777).toBe(0o600);
      expect((await stat(real.containerdDirectory)).mode & 0o077).toBe(0);

      const id = await runSleeper(real, 'adopted');
      const before = await real.runtime.containerStatus(id);
      const again = await real.revive();
      expect({ adopted: again.adopted, pid: again.pid }).toEqual({ adopted: true, pid });
      expect((await real.runtime.containerStatus(id)).pid).toBe(before.pid);

      const [program, ...args] = again.enter(['readlink', '/proc/self/ns/mnt']);
      expect((await runProgram(program!, args)).stdout.trim()).toBe(await readlink(`/proc/${pid}/ns/mnt`));

      await again.stop();
      await again.exited;
      const anew = await real.revive();
      expect(anew.adopted).toBe(false);
      expect(await readlink(`/proc/${anew.pid}/ns/mnt`)).toBe(
        await readlink(`/proc/${shimsOf(anew.socket)[0]}/ns/mnt`),
      );
    } finally {
      expect(await real.remove()).toEqual([]);
    }
  },
  BOUND_MS,
);

test(
  'removal after kill -9, with a pod that has a host port and processes of its own',
  async () => {
    const real = await startRealRuntime();
    try {
      await runSleeper(real, 'ported', HOST_PORT);
      expect(await natRules()).toContain(`name: \\"${real.bridge}\\"`);
      expect(await readFile(FORWARDING, 'utf8')).toBe('1\n');
      await real.kill();
      expect(shimsOf(real.containerd.socket)).toHaveLength(1);
    } finally {
      expect(await real.remove()).toEqual([]);
    }
    await expectNoIdleChains();
  },
  BOUND_MS,
);

test(
  'removal by force, when containerd cannot be started any more',
  async () => {
    const real = await startRealRuntime();
    try {
      await runSleeper(real, 'forced', HOST_PORT + 1);
      await real.kill();
      await writeFile(containerdPaths(real.containerdDirectory).config, 'version = "none"\n');
    } finally {
      expect(await real.remove()).toEqual([]);
    }
    await expectNoIdleChains();
  },
  BOUND_MS,
);

test(
  'a containerd that does not start tells its last words; a path that is too long is refused',
  async () => {
    const clock = systemClock();
    const long = path.join('/tmp', 'a'.repeat(100));
    await expect(startContainerd({ directory: long, cniConfDir: long, clock })).rejects.toMatchObject({
      code: 'SETUP',
      message: expect.stringMatching(
        /path is too long for containerd's sockets by 20 bytes\. Choose a shorter/,
      ),
    });
    const real = await startRealRuntime();
    try {
      await real.kill();
      // Its state cannot be a file.
      await runProgram('rm', ['-rf', path.join(real.containerdDirectory, 'state')]);
      await writeFile(path.join(real.containerdDirectory, 'state'), '');
      await expect(real.revive()).rejects.toMatchObject({
        code: 'SETUP',
        message: expect.stringMatching(/^containerd ended at once\. Its last words, from .*not a directory/s),
      });
    } finally {
      expect(await real.remove()).toEqual([]);
    }
  },
  BOUND_MS,
);

test('removing control groups never touches the root, and what is gone is gone', async () => {
  await expect(removeCgroup('/')).rejects.toThrow('root control group');
  await expect(removeCgroup('/../..')).rejects.toThrow('root control group');
  await removeCgroup('/troupe-nosuch/group');
});
