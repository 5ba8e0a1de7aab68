// What a Pod actor does in the world: it offers itself to nodes, gives the order to run and the order to stop. Each
// may be repeated without harm; none decides anything.
import { hasCode } from '../../schemas/errors.ts';
import type { KubeObject } from '../../schemas/object.ts';
import type { EffectScope, PerformEffect } from '../kernel/definition.ts';
import type { Accepted, OfferAnswer } from '../node/protocol.ts';
import { nodeTableOf } from './node-table.ts';
import { choose, explain, type Toleration, type Wanted } from './placement.ts';
import { requestsOf } from './requests.ts';

/** Nodes asked in one attempt; the rest wait for the next. */
const OFFERS = 5;
/** How long one node may take to answer an offer. */
const OFFER_MS = 3_000;
const ORDER_MS = 5_000;

const place: PerformEffect = async (_params, scope) => {
  const table = nodeTableOf(scope.view);
  const wanted = wantedOf(scope.object);
  const { ranked, refused } = choose(wanted, table.candidates());
  const reasons = new Map(refused);
  for (const node of ranked.slice(0, OFFERS)) {
    const reason = await offer(scope, node, wanted);
    if (reason === undefined) {
      table.expect(scope.self, wanted.uid, node, wanted.requests);
      const message = `Successfully assigned ${scope.self.namespace}/${scope.self.name} to ${node}`;
      scope.note({ type: 'Normal', reason: 'Scheduled', message });
      return { type: 'pod.granted', node };
    }
    reasons.set(node, reason);
  }
  for (const node of ranked.slice(OFFERS)) reasons.set(node, 'node(s) were not asked yet');
  const message = explain(reasons);
  scope.note({ type: 'Warning', reason: 'FailedScheduling', message });
  return { type: 'pod.unplaced', message };
};

/** Resolves to the reason of a refusal, or undefined when the node has promised. */
async function offer(
  scope: EffectScope,
  node: string,
  { uid, requests }: Wanted,
): Promise<string | undefined> {
  const { namespace, name } = scope.self;
  const body = { uid, namespace, name, requests, fence: scope.fence };
  try {
    const answer = (await scope.askNode(node, 'offer', body, OFFER_MS)) as OfferAnswer;
    return answer.granted ? undefined : (answer.reason ?? 'node(s) refused the pod');
  } catch (error) {
    if (!hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
    return 'node(s) did not answer';
  }
}

const run: PerformEffect = async (params: { node: string; order: string }, scope) => {
  try {
    await scope.askNode(params.node, 'run', { pod: scope.object, fence: scope.fence }, ORDER_MS);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'REFUSED'))
      return { type: 'pod.refused', message: error.message, order: params.order };
    if (hasCode(error, 'UNAVAILABLE', 'TIMEOUT', 'STALE_FENCE')) return undefined;
    throw error;
  }
};

const stop: PerformEffect = async (params: { node: string }, scope) => {
  const { uid, fence, object } = scope;
  const { namespace, name } = scope.self;
  const graceSeconds = object.metadata.deletionGracePeriodSeconds ?? 30;
  const body = { uid, namespace, name, graceSeconds, fence };
  try {
    const answer = (await scope.askNode(params.node, 'stop', body, ORDER_MS)) as Accepted;
    return answer.gone ? { type: 'pod.gone' } : undefined;
  } catch (error) {
    if (hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) return undefined;
    throw error;
  }
};

export const podEffects = { place, run, stop };

function wantedOf(pod: KubeObject): Wanted {
  const spec = (pod.spec ?? {}) as {
    nodeName?: string;
    nodeSelector?: Record<string, string>;
    tolerations?: Toleration[];
  };
  return {
    uid: pod.metadata.uid ?? '',
    nodeName: spec.nodeName,
    nodeSelector: spec.nodeSelector ?? {},
    tolerations: spec.tolerations ?? [],
    requests: requestsOf(pod),
  };
}
