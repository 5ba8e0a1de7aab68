// The context file: how to reach a cluster, left behind by `troupe up` for every later command. It holds a
// password, so it is private (0600 in a directory 0700) and is refused when others could read it.
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TroupeError } from '../schemas/errors.ts';

/** How to reach a cluster. */
export interface Context {
  readonly cluster: string;
  /** Address of the NATS server, `nats://127.0.0.1:4222`; several are separated by commas. */
  readonly server: string;
  readonly user?: string;
  readonly pass?: string;
}

export const DEFAULT_CLUSTER = 'dev';

type Env = Readonly<Record<string, string | undefined>>;

/** Where the state of a cluster on this machine is kept. */
export function stateDirectory(cluster: string, env: Env): string {
  return join(env.XDG_STATE_HOME || '/var/lib', 'troupe', cluster);
}

export function contextPath(cluster: string, env: Env): string {
  return join(stateDirectory(cluster, env), 'context.json');
}

/** Writes the file so that a reader sees the former one or this one, and nobody else sees either. */
export async function saveContext(path: string, context: Context): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { cluster, server, user, pass } = context;
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify({ server, user, pass, cluster }, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

export async function removeContext(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Errors: `SETUP` when the file is not private or is none; undefined when there is no such file. */
export async function loadContext(path: string): Promise<Context | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new TroupeError('SETUP', `the context file ${path} can be read by others: chmod 600 ${path}`);
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof TroupeError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new TroupeError('SETUP', `the context file ${path} cannot be read: ${code}`, { cause: error });
  }
  return contextOf(text, path);
}

function contextOf(text: string, path: string): Context {
  let value: Partial<Context> | undefined;
  try {
    value = JSON.parse(text) as Partial<Context>;
  } catch {
    // Told below; the text itself may hold a password and is not shown.
  }
  const { server, cluster, user, pass } = value ?? {};
  const isText = (given: unknown) => given === undefined || typeof given === 'string';
  if (typeof server !== 'string' || typeof cluster !== 'string' || !isText(user) || !isText(pass)) {
    throw new TroupeError('SETUP', `the context file ${path} does not hold {server, user, pass, cluster}`);
  }
  return { server, cluster, user, pass };
}

/** What the command line says about the cluster. */
export interface ContextChoice {
  readonly cluster?: string;
  readonly server?: string;
  readonly user?: string;
  readonly contextFile?: string;
}

/**
 * The cluster a command is meant for: options first, then TROUPE_SERVER, TROUPE_CLUSTER, TROUPE_USER and
 * TROUPE_PASSWORD, then the context file. Passwords never come from the command line. Errors: `SETUP`,
 * `UNAVAILABLE` when nothing says where the cluster is.
 */
export async function chooseContext(choice: ContextChoice, env: Env): Promise<Context> {
  const named = choice.cluster ?? env.TROUPE_CLUSTER;
  const path = choice.contextFile ?? contextPath(named ?? DEFAULT_CLUSTER, env);
  const server = choice.server ?? env.TROUPE_SERVER;
  if (server && !choice.contextFile) {
    const user = choice.user ?? env.TROUPE_USER;
    return { cluster: named ?? DEFAULT_CLUSTER, server, user, pass: user ? env.TROUPE_PASSWORD : undefined };
  }
  const found = await loadContext(path);
  if (!found) {
    if (choice.contextFile) throw new TroupeError('SETUP', `stat ${path}: no such file or directory`);
    const cluster = named ?? DEFAULT_CLUSTER;
    throw new TroupeError(
      'UNAVAILABLE',
      `The connection to the cluster "${cluster}" failed: there is no ${path} and no --server - is it ` +
        `up? (troupe up)`,
      { details: { cluster } },
    );
  }
  return {
    cluster: named ?? found.cluster,
    server: server ?? found.server,
    user: choice.user ?? found.user,
    pass: env.TROUPE_PASSWORD ?? found.pass,
  };
}
