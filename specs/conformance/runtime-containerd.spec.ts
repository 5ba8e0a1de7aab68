// What only the real side has: a private containerd that outlives its agent and leaves nothing behind, however it ends.
import { mkdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
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

      await rm(containerdPaths(real.containerdDirectory).pid);
      expect(await real.revive()).toMatchObject({ adopted: true, pid });

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

test(
  'a full disk is told as such, and nothing is lost by it',
  async () => {
    const mebibyte = 1024 * 1024;
    const real = await startRealRuntime({ diskBytes: 2 * mebibyte });
    try {
      await expect(real.runtime.pullImage('busybox')).rejects.toMatchObject({
        code: 'RUNTIME',
        message: expect.stringContaining('no space left on device'),
        details: { kind: 'diskFull', call: 'PullImage' },
      });
      const { root } = containerdPaths(real.containerdDirectory);
      const [program, ...args] = real.containerd.enter([
        'mount',
        '-o',
        `remount,size=${64 * mebibyte}`,
        root,
      ]);
      expect(await runProgram(program!, args)).toMatchObject({ exitCode: 0 });
      const id = await runSleeper(real, 'later');
      expect((await real.runtime.containerStatus(id)).state).toBe('running');
    } finally {
      expect(await real.remove()).toEqual([]);
    }
  },
  BOUND_MS,
);

test(
  'what is asked of sandbox and container arrives there',
  async () => {
    const real = await startRealRuntime();
    try {
      const image = await real.runtime.pullImage('busybox');
      const volume = path.join(real.directory, 'volume');
      await mkdir(volume);
      await writeFile(path.join(volume, 'greeting'), 'hello');
      const config: SandboxConfig = {
        ...podOf(real, 'configured'),
        dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
        sysctls: { 'net.core.somaxconn': '77' },
      };
      const sandbox = await real.runtime.runPodSandbox(config);
      const id = await real.runtime.createContainer(
        sandbox,
        {
          name: 'main',
          attempt: 0,
          image,
          command: ['sh', '-c'],
          args: ['echo "out $GREETING"; echo err >&2; exec sleep 3600'],
          workingDir: '/tmp',
          env: [{ name: 'GREETING', value: 'hi = "there"' }],
          mounts: [{ containerPath: '/volume', hostPath: volume, readonly: true }],
          logPath: 'main/0.log',
          resources: { cpuPeriodMicros: 100_000, cpuQuotaMicros: 50_000, memoryLimitBytes: 64 * 1024 * 1024 },
          security: {
            runAsUser: 1000,
            runAsGroup: 1001,
            supplementalGroups: [1002],
            readonlyRootFilesystem: true,
            noNewPrivileges: true,
            dropCapabilities: ['ALL'],
          },
        },
        config,
      );
      await real.runtime.startContainer(id);
      const shell = async (script: string) => {
        const { stdout } = await real.runtime.execSync(id, ['sh', '-c', `{ ${script}; } 2>&1`], 10);
        return Buffer.from(stdout).toString().trim();
      };
      expect(await shell('id -u; id -g; id -G')).toBe('1000\n1001\n1001 1002');
      expect(await shell('pwd; hostname; cat /volume/greeting')).toBe('/tmp\nconfigured\nhello');
      expect(await shell('touch /volume/x; touch /x')).toMatch(/\/volume\/x: Read-only.*\n.*\/x: Read-only/);
      expect(await shell('cat /etc/resolv.conf')).toBe(
        'search default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5',
      );
      expect(await shell('cat /proc/sys/net/core/somaxconn')).toBe('77');
      expect(await shell('grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status | tr "\\t" " "')).toBe(
        'CapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2',
      );
      // Its process namespace is its own: the pause process is not in it.
      expect(await shell('cat /proc/1/comm')).toBe('sleep');
      const log = await readFile(path.join(config.logDirectory, 'main/0.log'), 'utf8');
      expect(
        log
          .split('\n')
          .map((line) => line.replace(/^\S+ /, ''))
          .sort(),
      ).toEqual(['', 'stderr F err', 'stdout F out hi = "there"']);
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
