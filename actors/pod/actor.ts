// The Pod actor: its machine, events, effects and status tied together for the kernel.
import { TroupeError } from '../../schemas/errors.ts';
import { decodeOrThrow, orThrow } from '../../schemas/or-throw.ts';
import { podKind } from '../../schemas/pod/kind.ts';
import { validateUpdate } from '../../schemas/validate.ts';
import { defineActor } from '../kernel/definition.ts';
import type { ActorRecord } from '../kernel/record.ts';
import type { NodeReported, ReportAnswer } from '../node/protocol.ts';
import { podEffects } from './effects.ts';
import { PodEvent } from './events.ts';
import { podMachine } from './machine.ts';
import { podStatus } from './status.ts';

export const Pod = defineActor({
  kind: podKind,
  machine: podMachine,
  decodeEvent: (value) => decodeOrThrow(PodEvent, value, 'an event for a Pod'),
  effects: podEffects,
  status: podStatus,
  answer: (event, record) =>
    event.type === 'node.reported' ? answerReport(event as unknown as NodeReported, record) : undefined,
  absent: (event) => {
    if (event.type !== 'node.reported') throw new TroupeError('NOT_FOUND', 'no such pod');
    return { accepted: false, unknown: true } satisfies ReportAnswer;
  },
  checkUpdate: (before, after) => void orThrow(validateUpdate(before, after)),
});

/**
 * A report from a node the pod is not on, or about a former pod of this name, is about nothing we know. One whose
 * counter is behind is not news; the node is told how far we are, since its clock may have been set back.
 */
function answerReport({ uid, node, counter }: NodeReported, { object, actor }: ActorRecord): ReportAnswer {
  const { nodeName } = object.spec as { nodeName?: string };
  const known = uid === object.metadata.uid && node === nodeName;
  const taken = Number(actor.context.counter ?? 0);
  return counter < taken
    ? { accepted: false, unknown: !known, counter: taken }
    : { accepted: known, unknown: !known };
}
