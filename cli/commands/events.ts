// `troupe events`: the same as `get events`.
import type { CommandDefinition } from '../command.ts';
import { UsageError } from '../errors.ts';
import { kindOfWord } from '../resources.ts';
import { declareListing, type GetOptions, get } from './get.ts';

export const command: CommandDefinition<GetOptions> = {
  declare(command) {
    declareListing(command.argument('[args...]').usage('[options]')).addHelpText(
      'after',
      ['', 'Examples:', '  # Follow the events of all namespaces', '  troupe events -A -w'].join('\n'),
    );
  },
  run(session, args, options) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`, 'events');
    return get(session, [{ kind: kindOfWord('events'), names: [] }], options);
  },
};
