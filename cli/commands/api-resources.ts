// `troupe api-resources`: the kinds of objects there are, and the words for them.
import { KINDS, type Kind } from '../../schemas/kinds.ts';
import type { CommandDefinition } from '../command.ts';
import { UsageError } from '../errors.ts';
import { documentText, outputOf } from '../print/output.ts';
import { alignTabs, TABLE_TABS } from '../print/tabs.ts';

interface ApiResourcesOptions {
  readonly output?: string;
  readonly headers?: boolean;
  readonly namespaced?: string;
}

export const command: CommandDefinition<ApiResourcesOptions> = {
  declare(command) {
    command
      .argument('[args...]')
      .usage('[options]')
      .option('-o, --output <format>', 'wide, name, json or yaml')
      .option('--namespaced <true|false>', 'only kinds with, or without, namespaces')
      .option('--no-headers', 'leave out the headers')
      .addHelpText('after', ['', 'Examples:', '  troupe api-resources --namespaced=true -o name'].join('\n'));
  },
  async run(session, args, options) {
    if (args.length > 0) throw new UsageError(`unexpected arguments: [${args.join(' ')}]`, 'api-resources');
    const output = outputOf(options.output);
    const kinds = [...KINDS]
      .filter(
        ({ namespaced }) => options.namespaced === undefined || String(namespaced) === options.namespaced,
      )
      .sort((left, right) => (left.plural < right.plural ? -1 : 1));
    if (output === 'name') for (const kind of kinds) session.print(nameOf(kind));
    else if (output === 'json' || output === 'yaml')
      session.io.stdout.write(documentText(documentOf(kinds), output));
    else session.io.stdout.write(tableText(kinds, output === 'wide', options.headers !== false));
    return 0;
  },
};

function nameOf({ plural, apiVersion }: Kind): string {
  return apiVersion.includes('/') ? `${plural}.${apiVersion.split('/')[0]}` : plural;
}

function tableText(kinds: readonly Kind[], wide: boolean, headers: boolean): string {
  const lines = kinds.map((kind) => {
    const { plural, shortNames, apiVersion, namespaced, categories } = kind;
    const row = [plural, shortNames.join(','), apiVersion, String(namespaced), kind.kind];
    return wide ? [...row, categories.join(',')] : row;
  });
  if (headers) {
    const named = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'];
    lines.unshift(wide ? [...named, 'CATEGORIES'] : named);
  }
  return `${alignTabs(lines.map((cells) => cells.join('\t')).join('\n'), TABLE_TABS)}\n`;
}

function documentOf(kinds: readonly Kind[]) {
  const resources = kinds.map(
    ({ plural, singular, shortNames, apiVersion, namespaced, kind, categories }) => ({
      name: plural,
      singularName: singular,
      shortNames,
      apiVersion,
      namespaced,
      kind,
      categories,
    }),
  );
  return { apiVersion: 'v1', kind: 'APIResourceList', resources };
}
