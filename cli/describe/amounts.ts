// Amounts of resources that pods ask for, added up exactly.
import type { Pod } from '../../schemas/pod/kind.ts';
import { addQuantities, compareQuantities, nanosOf } from '../../schemas/quantity.ts';

/** By the name of the resource, as quantities. */
export type Amounts = Readonly<Record<string, string>>;

export interface Asked {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** What a pod asks for: its containers and sidecars together, or more while an init container needs more. */
export function podAmounts(pod: Pod): Asked {
  return { requests: amountsOf(pod, 'requests'), limits: amountsOf(pod, 'limits') };
}

export function totalsOf(pods: readonly Pod[]): Asked {
  const all = pods.map(podAmounts);
  return {
    requests: all.reduce<Amounts>((sum, { requests }) => add(sum, requests), {}),
    limits: all.reduce<Amounts>((sum, { limits }) => add(sum, limits), {}),
  };
}

function amountsOf({ spec }: Pod, which: keyof Asked): Amounts {
  let sum: Amounts = {};
  for (const { resources } of spec?.containers ?? []) sum = add(sum, resources?.[which] ?? {});
  let sidecars: Amounts = {};
  let peak: Amounts = {};
  for (const { resources, restartPolicy } of spec?.initContainers ?? []) {
    const own = resources?.[which] ?? {};
    if (restartPolicy === 'Always') {
      sum = add(sum, own);
      sidecars = add(sidecars, own);
      peak = larger(peak, sidecars);
    } else peak = larger(peak, add(sidecars, own));
  }
  const most = larger(sum, peak);
  const overhead = Object.entries(spec?.overhead ?? {});
  if (which === 'requests') return add(most, spec?.overhead ?? {});
  // Overhead only counts on top of a limit that there is.
  return add(most, Object.fromEntries(overhead.filter(([resource]) => most[resource] !== undefined)));
}

function add(left: Amounts, right: Amounts): Amounts {
  return combine(left, right, (one, other) => addQuantities(one, other));
}

function larger(left: Amounts, right: Amounts): Amounts {
  return combine(left, right, (one, other) => (compareQuantities(one, other) >= 0 ? one : other));
}

function combine(left: Amounts, right: Amounts, both: (one: string, other: string) => string): Amounts {
  const result: Record<string, string> = { ...left };
  for (const [resource, quantity] of Object.entries(right)) {
    const own = result[resource];
    result[resource] = own === undefined ? quantity : both(own, quantity);
  }
  return result;
}

/** A whole percentage, rounded down; 0 of nothing. */
export function percentOf(amount: string, whole: string | undefined): number {
  const all = whole === undefined ? 0n : nanosOf(whole);
  return all === 0n ? 0 : Number((nanosOf(amount) * 100n) / all);
}
