// One container of a pod in memory: its machine in a cell, bound to the effects, and the ids of its earlier runs.
import type { Container } from '../../../../schemas/pod/container.ts';
import { Cell } from '../../../kernel/cell.ts';
import type { State } from '../../../kernel/step.ts';
import { ANNOTATION, containerStepper, type NodeScope } from '../scope.ts';
import { type ContainerScope, performContainer } from './effects.ts';
import {
  type ContainerContext,
  type ContainerEvent,
  type ContainerSettings,
  CRASH_BACK_OFF_MS,
  MOST_BACK_OFF_MS,
  type Observation,
} from './run.ts';

export interface UnitOptions {
  readonly node: NodeScope;
  readonly spec: Container;
  readonly settings: ContainerSettings;
  /** Runs in sandboxes that are gone. */
  readonly restarts: number;
  readonly last: Observation | undefined;
  scope(): Omit<ContainerScope, 'madeAs' | 'outdated' | 'container'>;
  /** The runtime knows the container by this id from now on. */
  onId(id: string): void;
  onChange(): void;
}

export class ContainerUnit {
  readonly name: string;
  readonly spec: Container;
  private readonly cell: Cell<ContainerContext>;
  private runs: string[] = [];

  constructor(options: UnitOptions) {
    const { node, spec, settings, restarts, last } = options;
    this.name = spec.name;
    this.spec = spec;
    const own = {
      container: spec,
      madeAs: (id: string) => {
        this.made(id);
        options.onId(id);
      },
      outdated: () => this.runs.splice(0, this.runs.length - 2),
    };
    this.cell = new Cell<ContainerContext>({
      stepper: containerStepper,
      context: { settings, restarts, last },
      clock: node.clock,
      trace: node.trace,
      perform: (effect) => performContainer(effect, { ...options.scope(), ...own }),
      onChange: () => options.onChange(),
    });
  }

  get state(): State<ContainerContext> {
    return this.cell.state;
  }

  /** The id of the current run, when there is one. */
  get id(): string | undefined {
    return this.state.context.current?.id;
  }

  send(event: ContainerEvent): void {
    this.cell.send(event);
  }

  /** Notes the id of a run, oldest first, so that the runs before the last one can be removed. */
  made(id: string): void {
    if (!this.runs.includes(id)) this.runs.push(id);
  }

  stop(): void {
    this.cell.stop();
  }
}

/** Kubernetes' back-off unless the pod's annotations say otherwise. */
export function backOffOf(annotations: Readonly<Record<string, string>> | undefined): {
  backOffBaseMs: number;
  backOffMostMs: number;
} {
  const base = seconds(annotations?.[ANNOTATION.backOffBase]) ?? CRASH_BACK_OFF_MS;
  const most = seconds(annotations?.[ANNOTATION.backOffMost]) ?? MOST_BACK_OFF_MS;
  return { backOffBaseMs: base, backOffMostMs: Math.max(base, most) };
}

/** Milliseconds of a text with seconds between 0.1 and a day; anything else is as if it were absent. */
function seconds(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && value >= 0.1 && value <= 86_400 ? value * 1_000 : undefined;
}
