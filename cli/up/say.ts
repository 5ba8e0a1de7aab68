// What `up` tells when it is done: what runs, what the store does not promise, and what to do next.
import { basename, relative } from 'node:path';
import type { Node } from '../../schemas/node.ts';
import type { Progress } from './progress.ts';
import type { Up } from './start.ts';

/** How the user calls this program, for lines to copy. */
export function commandName(argv: readonly string[], workingDirectory: string): string {
  const program = argv[1] ?? 'troupe';
  if (basename(program) === 'troupe') return 'troupe';
  const path = relative(workingDirectory, program);
  return `node ${path.startsWith('../..') ? program : path}`;
}

/** Adds what other commands need to find a cluster that is not the default one. */
export function contextWords(up: Pick<Up, 'place'>, defaultDirectory: string): string {
  return up.place.directory === defaultDirectory ? '' : ` --context-file ${up.place.context}`;
}

export function nodeLine(node: Node): string {
  const { capacity = {}, nodeInfo } = node.status ?? {};
  const runtime = nodeInfo?.containerRuntimeVersion ?? 'unknown runtime';
  const cidr = (node.spec as { podCIDR?: string } | undefined)?.podCIDR ?? 'no addresses';
  return `node ${node.metadata.name}: ${runtime}, ${capacity.cpu} cpus, ${capacity.memory} memory, pods ${cidr}`;
}

export function sayWarnings(progress: Progress, warnings: readonly string[]): void {
  for (const warning of warnings) progress.say(`WARNING: ${warning}`);
}

export function nextLines(command: string, context: string, directory: string): string[] {
  return [
    'Next:',
    `  ${command}${context} apply -f examples/nginx-pod.yaml`,
    `  ${command}${context} get pods -o wide`,
    `  ${command}${context} facts`,
    `  ${command} down${directory}`,
  ];
}
