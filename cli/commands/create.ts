// `troupe create`: stores new objects, by files.
import type { CommandDefinition } from '../command.ts';
import { declareWrite, type WriteCommandOptions, write } from './apply.ts';

export const command: CommandDefinition<WriteCommandOptions> = {
  declare(command) {
    declareWrite(command).addHelpText(
      'after',
      ['', 'Examples:', '  # Create a pod using the data in pod.yaml', '  troupe create -f pod.yaml'].join(
        '\n',
      ),
    );
  },
  run: (session, args, options) => write(session, args, options, 'create'),
};
