// `troupe describe`: one object or several in words, with what happened to them.
import type { Client } from '../../messaging/client/index.ts';
import { hasCode, type TroupeError } from '../../schemas/errors.ts';
import type { Event } from '../../schemas/event.ts';
import type { Kind } from '../../schemas/kinds.ts';
import type { Node } from '../../schemas/node.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import type { CommandDefinition } from '../command.ts';
import { describeNamespace, describeObject } from '../describe/generic.ts';
import { describeNode } from '../describe/node.ts';
import { Page } from '../describe/page.ts';
import { describePod } from '../describe/pod.ts';
import { serverErrorText, UsageError } from '../errors.ts';
import { pathOf, selectionsOf } from '../resources.ts';
import type { Session } from '../session.ts';

interface DescribeOptions {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly showEvents?: string | true;
}

export const command: CommandDefinition<DescribeOptions> = {
  declare(command) {
    command
      .argument('[resources...]', 'KIND [NAME or its beginning...] or KIND/NAME...')
      .usage('(KIND [NAME_PREFIX | -l LABELS] | KIND/NAME...) [options]')
      .option('-A, --all-namespaces', 'objects of all namespaces')
      .option('-l, --selector <labels>', 'only objects with these labels')
      .option('--show-events [show]', 'show what happened to the object', 'true')
      .addHelpText(
        'after',
        [
          '',
          'Examples:',
          '  # Describe a pod',
          '  troupe describe pod/web',
          '',
          '  # Describe all nodes',
          '  troupe describe nodes',
        ].join('\n'),
      );
  },
  async run(session, args, options) {
    const selections = selectionsOf(args, 'describe');
    const client = await session.client();
    const errors: TroupeError[] = [];
    const pages: string[] = [];
    let named = false;
    for (const { kind, names } of selections) {
      if (names.length > 0 && options.selector) {
        throw new UsageError('name cannot be provided when a selector is specified');
      }
      named ||= names.length > 0;
      const { objects, missing } = await find(session, client, kind, names, options);
      errors.push(...missing);
      for (const object of objects) pages.push(await pageOf(session, client, kind, object, options));
    }
    session.io.stdout.write(pages.join('\n\n'));
    for (const error of errors) session.warn(serverErrorText(error));
    if (pages.length === 0 && !named) {
      const namespaced = selections.some(({ kind }) => kind.namespaced) && !options.allNamespaces;
      session.warn(`No resources found${namespaced ? ` in ${session.namespace} namespace.` : ''}`);
    }
    return errors.length > 0 ? 1 : 0;
  },
};

/** A name that is no object's stands for all objects whose names begin with it. */
async function find(
  session: Session,
  client: Client,
  kind: Kind,
  names: readonly string[],
  options: DescribeOptions,
): Promise<{ objects: KubeObject[]; missing: TroupeError[] }> {
  const namespace = options.allNamespaces ? undefined : session.namespace;
  const criteria = { namespace, labelSelector: options.selector };
  if (names.length === 0) return { objects: (await client.list(kind.plural, criteria)).items, missing: [] };
  const objects: KubeObject[] = [];
  const missing: TroupeError[] = [];
  for (const name of names) {
    try {
      objects.push(await client.get(kind.plural, pathOf(kind, session.namespace, name)));
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND')) throw error;
      const { items } = await client.list(kind.plural, criteria);
      const found = items.filter(({ metadata }) => metadata.name.startsWith(name));
      objects.push(...found);
      if (found.length === 0) missing.push(error);
    }
  }
  return { objects, missing };
}

async function pageOf(
  session: Session,
  client: Client,
  kind: Kind,
  object: KubeObject,
  options: DescribeOptions,
): Promise<string> {
  const page = new Page({ nowMs: session.clock.now(), zoneMinutes: session.io.zoneMinutes });
  const wanted = String(options.showEvents ?? 'true') !== 'false' && kind.plural !== 'events';
  const events = wanted ? await eventsOf(client, object) : undefined;
  switch (kind.plural) {
    case 'pods':
      describePod(page, object as Pod, events);
      break;
    case 'nodes':
      describeNode(page, object as Node, await podsOf(client, object.metadata.name), events);
      break;
    case 'namespaces':
      describeNamespace(page, object);
      break;
    default:
      describeObject(page, object, events);
  }
  return page.toString();
}

/** Events are a courtesy: a description without them is better than none. */
async function eventsOf(client: Client, { kind, metadata }: KubeObject): Promise<Event[] | undefined> {
  const { name, namespace, uid = '' } = metadata;
  const fieldSelector = `involvedObject.name=${name},involvedObject.kind=${kind}`;
  try {
    const { items } = await client.list('events', { namespace, fieldSelector });
    const events = items as Event[];
    return events.filter(({ involvedObject }) => !involvedObject.uid || !uid || involvedObject.uid === uid);
  } catch (error) {
    if (hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
    return undefined;
  }
}

async function podsOf(client: Client, node: string): Promise<Pod[]> {
  const fieldSelector = `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`;
  return (await client.list('pods', { fieldSelector })).items as Pod[];
}
