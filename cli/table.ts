// The table of all commands, in the order of `troupe --help`. A new command is a file that exports `command`,
// and a row here.
import type { CommandRow } from './command.ts';

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'up',
    about: 'Start a cluster on this machine',
    load: () => import('./commands/up.ts'),
  },
  {
    name: 'down',
    about: 'Take the cluster off this machine and leave nothing behind',
    load: () => import('./commands/down.ts'),
  },
  {
    name: 'get',
    about: 'Display one or many resources',
    load: () => import('./commands/get.ts'),
  },
  {
    name: 'describe',
    about: 'Show details of a specific resource or group of resources',
    load: () => import('./commands/describe.ts'),
  },
  {
    name: 'apply',
    about: 'Apply a configuration to a resource by file name or stdin',
    load: () => import('./commands/apply.ts'),
  },
  {
    name: 'create',
    about: 'Create a resource from a file or from stdin',
    load: () => import('./commands/create.ts'),
  },
  {
    name: 'delete',
    about: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'logs',
    about: 'Print the logs for a container in a pod',
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'events',
    about: 'List events',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'facts',
    about: 'Follow a live account of everything that becomes true in the cluster',
    load: () => import('./commands/facts.ts'),
  },
  {
    name: 'api-resources',
    about: 'Print the supported API resources',
    load: () => import('./commands/api-resources.ts'),
  },
  {
    name: 'version',
    about: 'Print the version of troupe and of the cluster',
    load: () => import('./commands/version.ts'),
  },
  {
    name: 'demo',
    about: 'Run one pod on a cluster of its own, show its page, and take everything down',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'doctor',
    about: 'Tell what is missing or unsafe on this machine and its NATS, with the cure',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'host',
    about: 'Run one process that holds actors, in the foreground',
    load: () => import('./commands/host.ts'),
  },
  {
    name: 'node',
    about: 'Run the containers of this machine, in the foreground',
    load: () => import('./commands/node.ts'),
  },
];
