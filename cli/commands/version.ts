// `troupe version`: of this program, and of the hosts that serve the cluster.
import { decode } from '../../messaging/envelope.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { CommandDefinition } from '../command.ts';
import { UsageError } from '../errors.ts';
import { documentText, outputOf } from '../print/output.ts';
import type { Session } from '../session.ts';

interface VersionOptions {
  readonly client?: boolean;
  readonly output?: string;
}

const ANSWER_MS = 5_000;

export const command: CommandDefinition<VersionOptions> = {
  declare(command) {
    command
      .argument('[args...]')
      .usage('[options]')
      .option('--client', 'of this program only, without asking the cluster')
      .option('-o, --output <format>', 'json or yaml')
      .addHelpText('after', ['', 'Examples:', '  troupe version --client -o json'].join('\n'));
  },
  async run(session, args, options) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`, 'version');
    const output = outputOf(options.output, ['json', 'yaml']);
    const clientVersion = `v${session.version}`;
    if (!output) session.print(`Client Version: ${clientVersion}`);
    const serverVersion = options.client ? undefined : await serverVersionOf(session);
    if (output) session.io.stdout.write(documentText({ clientVersion, serverVersion }, output));
    else if (serverVersion) session.print(`Server Version: ${serverVersion}`);
    return 0;
  },
};

/** Asked of the micro service, as `nats micro info` does. */
async function serverVersionOf(session: Session): Promise<string> {
  const { bus, client } = await session.connection();
  const subject = `$SRV.INFO.troupe-${client.cluster}`;
  const answer = await bus.request(subject, new Uint8Array(), { timeoutMs: ANSWER_MS });
  const { version } = (decode(answer.data) ?? {}) as { version?: string };
  if (!version) throw new TroupeError('INTERNAL', 'the host does not tell its version');
  return `v${version}`;
}
