// `troupe logs`: what a container has written.
import { containerNamesOf } from '../../messaging/client/index.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { parseTimestamp } from '../../schemas/time.ts';
import type { CommandDefinition } from '../command.ts';
import { UsageError } from '../errors.ts';
import { parseDuration } from '../print/time.ts';
import { selectionsOf } from '../resources.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
  readonly container?: string;
  readonly limitBytes?: string;
}

const EXPECTED =
  "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n" +
  'POD or TYPE/NAME is a required argument for the logs command';

export const command: CommandDefinition<LogsOptions> = {
  declare(command) {
    command
      .argument('[pod...]', 'POD or pod/POD')
      .usage('[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]')
      .option('-f, --follow', 'go on with what is written from now on')
      .option('-p, --previous', 'of the former run of the container')
      .option('--tail <lines>', 'only so many of the newest lines; -1 for all', '-1')
      .option('--since <duration>', 'only what is newer than 5s, 2m or 3h')
      .option('--since-time <time>', 'only what is newer than this time (RFC 3339)')
      .option('--timestamps', 'put the time in front of each line')
      .option('-c, --container <name>', 'container of the pod')
      .option('--limit-bytes <bytes>', 'at most so many bytes')
      .addHelpText(
        'after',
        [
          '',
          'Examples:',
          '  # Follow the container "main" of the pod web',
          '  troupe logs -f web -c main',
        ].join('\n'),
      );
  },
  async run(session, args, options) {
    const { name, container } = podOf(args, options);
    const asked = optionsOf(options);
    const client = await session.client();
    const path = `${session.namespace}/${name}`;
    const pod = (await client.get('pods', path)) as Pod;
    const chosen = container ?? defaultContainer(pod, (line) => session.warn(line));
    checkContainer(pod, chosen, options.previous === true);
    const { signal } = session.io;
    for await (const bytes of client.logs(path, { ...asked, container: chosen, signal })) {
      session.io.stdout.write(bytes);
    }
    return 0;
  },
};

function podOf(
  args: readonly string[],
  options: LogsOptions,
): { name: string; container: string | undefined } {
  const [first, second, ...more] = args;
  if (!first || more.length > 0) throw new UsageError(EXPECTED, 'logs');
  if (second !== undefined && options.container !== undefined) {
    throw new UsageError('only one of -c or an inline [CONTAINER] arg is allowed', 'logs');
  }
  const container = options.container ?? second;
  if (!first.includes('/')) return { name: first, container };
  const [selection] = selectionsOf([first], 'logs');
  if (selection?.kind.plural !== 'pods') {
    throw new UsageError(`cannot get the logs from ${selection?.kind.plural}: only pods have logs`);
  }
  return { name: selection.names[0]!, container };
}

function optionsOf(options: LogsOptions) {
  const { follow, previous, timestamps, since, sinceTime } = options;
  if (since !== undefined && sinceTime !== undefined) {
    throw new UsageError('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  const sinceMs = since === undefined ? undefined : parseDuration(since);
  if (since !== undefined && sinceMs === undefined) {
    throw new UsageError(
      `invalid argument "${since}" for "--since" flag: invalid duration "${since}"`,
      'logs',
    );
  }
  if (sinceTime !== undefined && parseTimestamp(sinceTime) === undefined) {
    throw new UsageError(
      `invalid argument "${sinceTime}" for "--since-time" flag: not an RFC 3339 time`,
      'logs',
    );
  }
  const tail = whole('--tail', options.tail ?? '-1', -1);
  const limitBytes =
    options.limitBytes === undefined ? undefined : whole('--limit-bytes', options.limitBytes, 1);
  return {
    follow,
    previous,
    timestamps,
    sinceTime,
    sinceSeconds: sinceMs === undefined ? undefined : Math.ceil(sinceMs / 1_000),
    tailLines: tail < 0 ? undefined : tail,
    limitBytes,
  };
}

function whole(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`${flag} must be greater than or equal to ${least}: "${text}"`, 'logs');
}

function defaultContainer(pod: Pod, warn: (line: string) => void): string | undefined {
  const { all, default: chosen } = containerNamesOf(pod);
  if (all.length < 2) return chosen;
  const inits = new Set((pod.spec?.initContainers ?? []).map(({ name }) => name));
  const listed = all.map((name) => (inits.has(name) ? `${name} (init)` : name));
  warn(`Defaulted container "${chosen}" out of: ${listed.join(', ')}`);
  return chosen;
}

/** Tells here what the node could only tell in its own words: no such container, or it has not started. */
function checkContainer(pod: Pod, name: string | undefined, previous: boolean): void {
  const { all } = containerNamesOf(pod);
  if (name === undefined || !all.includes(name)) {
    throw new UsageError(`container ${name} is not valid for pod ${pod.metadata.name}`);
  }
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find((one) => one.name === name);
  const refuse = (why: string) => {
    throw new TroupeError('BAD_REQUEST', why);
  };
  if (previous) {
    if (status?.lastState?.terminated === undefined) {
      refuse(`previous terminated container "${name}" in pod "${pod.metadata.name}" not found`);
    }
    return;
  }
  const waiting = status?.state?.waiting;
  if (waiting && !status.lastState?.terminated) {
    const reason = waiting.reason ?? 'ContainerCreating';
    const state = /ImagePull|ErrImage|InvalidImage|CreateContainer/.test(reason)
      ? `trying and failing to pull image`
      : reason;
    refuse(`container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${state}`);
  }
}
