// One pod on this node: its machine in a cell, a cell for each of its containers, and what they share. It passes
// events between them and says when something changed; it decides nothing.
import type { Container } from '../../../../schemas/pod/container.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import type { PodStatus } from '../../../../schemas/pod/pod-status.ts';
import { Cell } from '../../../kernel/cell.ts';
import type { State } from '../../../kernel/step.ts';
import { seen } from '../container/effects.ts';
import type { ContainerContext, Observation } from '../container/run.ts';
import { backOffOf, ContainerUnit } from '../container/unit.ts';
import type { SandboxConfig } from '../runtime/port.ts';
import { type NodeScope, podStepper } from '../scope.ts';
import { performPod } from './effects.ts';
import type { FoundContainer, FoundPod } from './found.ts';
import { type KeptPod, writeKept } from './kept.ts';
import type { PodContext, PodEvent } from './machine.ts';
import { logFolderOf, sandboxConfig } from './sandbox.ts';
import { podStatusOf } from './status.ts';

export interface WorkerEvents {
  /** `settled`: nothing is under way, so that this may be told at once. */
  changed(settled: boolean): void;
  /** Its containers have ended for good: what it was promised is free. */
  released(): void;
  gone(): void;
  /** The runtime knows a container of this pod by `id`. */
  containerId(id: string): void;
  sandboxId(id: string): void;
}

/** States of a container that usually pass within milliseconds. */
const PASSING = new Set<unknown>(['idle', 'pulling', 'creating', 'starting', 'inspecting', 'stopping']);

export class PodWorker {
  readonly node: NodeScope;
  readonly sandboxes = new Set<string>();
  /** Called after every change. */
  readonly listeners = new Set<() => void>();
  private readonly events: WorkerEvents;
  private ending: AbortController | undefined;
  /** No container is to be made any more. */
  private isOver: boolean;
  hasLeft = false;
  private readonly units = new Map<string, ContainerUnit>();
  private readonly restarts = new Map<string, { restarts: number; last: Observation | undefined }>();
  private found: ReadonlyMap<string, FoundContainer> = new Map();
  private readonly cell: Cell<PodContext>;
  private before: PodStatus | undefined;
  private folders = new Set<string>();
  private config: SandboxConfig | undefined;
  kept: KeptPod;

  constructor(node: NodeScope, kept: KeptPod, events: WorkerEvents) {
    this.node = node;
    this.kept = kept;
    this.events = events;
    this.isOver = kept.ended !== undefined;
    const { initContainers = [], containers, restartPolicy = 'Always' } = kept.pod.spec!;
    const settings = {
      init: initContainers.map(({ name }) => name),
      main: containers.map(({ name }) => name),
      restartPolicy,
    };
    this.cell = new Cell<PodContext>({
      stepper: podStepper,
      context: { settings, failure: kept.ended?.failure },
      clock: node.clock,
      trace: node.trace,
      perform: (effect) => performPod(effect, this),
      onChange: (_state, done) => {
        if (done) this.events.gone();
        this.changed();
      },
    });
  }

  get pod(): Pod {
    return this.kept.pod;
  }

  get uid(): string {
    return this.pod.metadata.uid!;
  }

  /** Aborted when the agent leaves the pod. Made when first asked for, since few pods need it. */
  get signal(): AbortSignal {
    this.ending ??= new AbortController();
    if (this.hasLeft) this.ending.abort();
    return this.ending.signal;
  }

  get state(): State<PodContext> {
    return this.cell.state;
  }

  get isGone(): boolean {
    return this.state.value === 'gone';
  }

  run(): void {
    this.cell.send({ type: 'pod.run' });
  }

  /** Goes on with what the runtime remembers of this pod. */
  adopt(found: FoundPod): void {
    this.found = found.containers;
    for (const id of found.sandboxes) this.madeSandbox(id);
    for (const [name, last] of found.earlier) this.restarts.set(name, { restarts: last.attempt + 1, last });
    const ready = found.ready || this.kept.ended !== undefined;
    // What never restarts is not given a second sandbox once it has run in the first.
    const mustReplace = !ready && (this.pod.spec?.restartPolicy !== 'Never' || found.containers.size === 0);
    this.isOver = this.kept.ended !== undefined || (!ready && !mustReplace);
    if (mustReplace) this.countFound();
    this.cell.send({ type: 'pod.adopted', sandbox: found.sandbox, ready, mustReplace });
    if (this.kept.graceSeconds !== undefined) this.stop(this.kept.graceSeconds);
  }

  stop(graceSeconds: number): void {
    this.cell.send({ type: 'pod.stop', graceSeconds });
  }

  send(event: PodEvent): void {
    this.cell.send(event);
  }

  /** The agent stops; the pod goes on. */
  leave(): void {
    this.hasLeft = true;
    this.ending?.abort();
    this.cell.stop();
    for (const unit of this.units.values()) unit.stop();
  }

  unit(name: string): ContainerUnit | undefined {
    return this.units.get(name);
  }

  get containers(): Iterable<ContainerUnit> {
    return this.units.values();
  }

  containerExited(id: string): void {
    for (const unit of this.units.values()) if (unit.id === id) unit.send({ type: 'container.exited' });
  }

  sandboxExited(id: string): void {
    if (this.state.context.sandbox?.id === id) this.cell.send({ type: 'sandbox.lost' });
  }

  /** Starts a container, or adopts the one that the runtime remembers. */
  startContainer(name: string): void {
    if (this.units.has(name)) return;
    const found = this.found.get(name);
    const spec = this.specOf(name);
    const over = this.isOver || this.kept.graceSeconds !== undefined;
    if (!found && (over || this.isPassedInit(name))) {
      this.cell.send({ type: 'container.ended', name, ok: !over });
      return;
    }
    const unit = this.makeUnit(spec);
    this.units.set(name, unit);
    if (!found) {
      unit.send({ type: 'container.start' });
      return;
    }
    for (const { id } of found.runs) {
      unit.made(id);
      this.events.containerId(id);
    }
    const [observation, last] = [...found.runs].reverse();
    const { strikes } = found;
    unit.send({
      type: 'container.adopted',
      observation: observation!,
      last,
      strikes,
      at: this.node.clock.now(),
    });
  }

  stopContainers(graceSeconds: number | undefined): void {
    const grace = graceSeconds ?? this.pod.spec?.terminationGracePeriodSeconds ?? 30;
    for (const unit of this.units.values()) unit.send({ type: 'container.stop', graceSeconds: grace });
    for (const name of this.state.context.live) {
      if (!this.units.has(name)) this.cell.send({ type: 'container.ended', name, ok: false });
    }
  }

  /** The sandbox is replaced: containers start anew, their counts go on. */
  async forgetContainers(): Promise<void> {
    for (const unit of this.units.values()) {
      unit.stop();
      const { restarts, current, last } = unit.state.context;
      const end =
        current && (current.state === 'exited' ? current : (await seen(this.node, current.id)).observation);
      this.restarts.set(unit.name, end ? { restarts: restarts + 1, last: end } : { restarts, last });
    }
    this.units.clear();
    this.found = new Map();
  }

  madeSandbox(id: string): void {
    this.sandboxes.add(id);
    this.events.sandboxId(id);
  }

  lostSandbox(id: string): void {
    this.sandboxes.delete(id);
  }

  sandboxConfig(attempt: number): SandboxConfig {
    if (this.config?.attempt !== attempt) {
      this.config = sandboxConfig(this.node, this.pod, attempt, this.kept.fence);
    }
    return this.config;
  }

  released(): void {
    this.events.released();
  }

  /** Remembers that the pod has ended, so that a restarted agent does not run it again. */
  async keepEnd(): Promise<void> {
    if (this.kept.ended) return;
    await this.keep({ ...this.kept, ended: { failure: this.state.context.failure } });
  }

  async keep(kept: KeptPod): Promise<void> {
    await writeKept(this.node.files, kept);
    this.kept = kept;
  }

  note(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void {
    const { name, namespace = 'default', uid = '' } = this.pod.metadata;
    const list = this.isInit(container) ? 'initContainers' : 'containers';
    const fieldPath = container === undefined ? {} : { fieldPath: `spec.${list}{${container}}` };
    this.node.note(
      { kind: 'Pod', apiVersion: 'v1', namespace, name, uid, ...fieldPath },
      { type, reason, message },
    );
  }

  status(): PodStatus {
    const containers = new Map<string, State<ContainerContext>>();
    for (const [name, before] of this.restarts) containers.set(name, notStartedYet(before));
    for (const unit of this.units.values()) containers.set(unit.name, unit.state);
    const { kept, node, pod, state, before } = this;
    const now = node.clock.now();
    this.before = podStatusOf({
      pod,
      state,
      containers,
      startedAt: kept.startedAt,
      hostIP: node.hostIP,
      now,
      before,
    });
    return this.before;
  }

  private makeUnit(spec: Container): ContainerUnit {
    const { name, namespace = 'default', uid, annotations } = this.pod.metadata;
    const restartPolicy = this.kept.ended ? 'Never' : (this.pod.spec?.restartPolicy ?? 'Always');
    return new ContainerUnit({
      node: this.node,
      spec,
      settings: {
        name: spec.name,
        image: spec.image ?? '',
        init: this.isInit(spec.name),
        restartPolicy,
        podLabel: `${name}_${namespace}(${uid})`,
        noticeMs: this.node.limits.noticeMs,
        ...backOffOf(annotations),
      },
      ...(this.restarts.get(spec.name) ?? { restarts: 0, last: undefined }),
      scope: () => this.containerScope(spec.name),
      onId: (id) => this.events.containerId(id),
      onChange: () => this.changed(),
    });
  }

  private containerScope(name: string) {
    const { sandbox, attempt } = this.state.context;
    return {
      node: this.node,
      pod: this.pod,
      fence: this.kept.fence,
      sandboxId: sandbox?.id ?? '',
      sandbox: this.sandboxConfig(attempt),
      note: (type: 'Normal' | 'Warning', reason: string, message: string) =>
        this.note(type, reason, message, name),
      ended: (ok: boolean) => this.cell.send({ type: 'container.ended', name, ok }),
      folder: () => this.makeLogFolder(name),
    };
  }

  private async makeLogFolder(name: string): Promise<void> {
    if (this.folders.has(name)) return;
    await this.node.files.makeDirectory(`${logFolderOf(this.pod)}/${name}`);
    this.folders.add(name);
  }

  private specOf(name: string): Container {
    const { initContainers = [], containers } = this.pod.spec!;
    return [...initContainers, ...containers].find((container) => container.name === name)!;
  }

  private isInit(name: string | undefined): boolean {
    return (this.pod.spec?.initContainers ?? []).some((container) => container.name === name);
  }

  /** An init container nobody remembers has ended well when one that comes after all of them was made. */
  private isPassedInit(name: string): boolean {
    return this.isInit(name) && this.pod.spec!.containers.some((container) => this.found.has(container.name));
  }

  private countFound(): void {
    for (const [name, { runs }] of this.found) {
      const last = runs.at(-1)!;
      this.restarts.set(name, { restarts: last.attempt + 1, last });
    }
    this.found = new Map();
  }

  private changed(): void {
    const state = this.cell?.state;
    if (!state) return;
    for (const listener of this.listeners) listener();
    const passing = [...this.units.values()].some((unit) => PASSING.has(unit.state.value));
    const { value } = state;
    this.events.changed(value === 'gone' || ((value === 'running' || value === 'ended') && !passing));
  }
}

/** A container whose sandbox is being replaced: its count is kept. */
function notStartedYet(before: { restarts: number; last: Observation | undefined }): State<ContainerContext> {
  return { value: 'idle', context: { ...before, imageRef: '' } as ContainerContext };
}
