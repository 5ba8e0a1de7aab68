// The nginx image made from Debian's package, in a real container: what the demo shows rests on this.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushImage } from '../../lab/registry/image.ts';
import { buildNginx } from '../../lab/registry/images.ts';
import { startRealRuntime } from '../support/real-runtime.ts';

test('nginx serves its page on port 80, logs to standard output and leaves in order when stopped', async () => {
  const work = await mkdtemp(join(tmpdir(), 'troupe-nginx-'));
  const real = await startRealRuntime();
  try {
    await pushImage(real.registry.url, 'library/nginx', 'latest', await buildNginx(work));
    const pod = {
      name: 'nginx',
      namespace: 'default',
      uid: 'uid-nginx',
      attempt: 0,
      hostname: 'nginx',
      logDirectory: join(real.directory, 'logs'),
      cgroupParent: `${real.cgroupRoot}/nginx`,
    };
    const image = await real.runtime.pullImage('nginx');
    const sandbox = await real.runtime.runPodSandbox(pod);
    const config = { name: 'nginx', attempt: 0, image, logPath: 'nginx.log' };
    const id = await real.runtime.createContainer(sandbox, config, pod);
    await real.runtime.startContainer(id);
    const { ip } = await real.runtime.podSandboxStatus(sandbox);
    const page = await fetchWhenUp(`http://${ip}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html');
    expect(await page.text()).toContain('<title>Welcome to nginx!</title>');
    expect((await fetch(`http://${ip}/absent`)).status).toBe(404);

    const shell = await real.runtime.execSync(id, ['sh', '-c', 'id -un && wc -c < /etc/os-release'], 10);
    expect(Buffer.from(shell.stdout).toString()).toMatch(/^root\n\d+\n$/);

    await real.runtime.stopContainer(id, 20);
    expect(await real.runtime.containerStatus(id)).toMatchObject({
      state: 'exited',
      exitCode: 0,
      reason: 'Completed',
    });
    const log = await readFile(join(pod.logDirectory, 'nginx.log'), 'utf8');
    expect(log).toMatch(/ stdout F .*"GET \/ HTTP\/1\.1" 200 /);
    expect(log).toMatch(/ stderr F .*signal 3 \(SIGQUIT\) received/);
  } finally {
    await rm(work, { recursive: true, force: true });
    expect(await real.remove()).toEqual([]);
  }
}, 180_000);

// Nothing announces from outside that a server listens, so it is asked until it answers.
async function fetchWhenUp(url: string): Promise<Response> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(2_000) });
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
