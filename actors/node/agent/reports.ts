// Reports one pod's observed status to its actor: the whole status with a counter that only grows, until it is
// acknowledged. What changes within one turn is one report; a quick start is one report, too. Now and then what is
// known already is told again, with the counter it had: that costs no write and shows whether the pod still belongs
// here.
import { hashOf } from '../../../messaging/identity.ts';
import type { Clock, Timer, Trace } from '../../../messaging/ports.ts';
import type { Pod } from '../../../schemas/pod/kind.ts';
import type { PodStatus } from '../../../schemas/pod/pod-status.ts';
import type { NodeReported, ReportAnswer } from '../protocol.ts';
import { Delivery } from './delivery.ts';
import type { AgentLimits } from './limits.ts';
import type { Wire } from './wire.ts';

export interface ReporterOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly limits: AgentLimits;
  readonly wire: Wire;
  readonly node: string;
  readonly pod: Pod;
  readonly status: () => PodStatus;
  readonly isGone: () => boolean;
  /** The actor does not know this pod, or not here: what is here of it has to go. */
  readonly onUnknown: () => void;
  /** The actor knows that nothing is left. */
  readonly onFinished: () => void;
}

export class PodReporter {
  private readonly options: ReporterOptions;
  private readonly delivery: Delivery;
  private counter = 0;
  private isNews = true;
  private isStopped = false;
  private confirming: Timer | undefined;

  constructor(options: ReporterOptions) {
    this.options = options;
    const { clock, limits } = options;
    this.delivery = new Delivery({ clock, limits, send: () => this.send() });
  }

  /** `settled`: nothing more is expected soon. */
  changed(settled: boolean): void {
    this.isNews = true;
    this.delivery.changed(settled ? 0 : this.options.limits.coalesceMs);
  }

  hurry(): void {
    this.delivery.hurry();
  }

  stop(): void {
    this.isStopped = true;
    this.confirming?.cancel();
    this.delivery.stop();
  }

  /** Spread over time by the pod's uid, so that the pods of a node do not all speak at once. */
  private confirmLater(): void {
    const { clock, limits, pod } = this.options;
    const spread = 0.5 + (hashOf(pod.metadata.uid ?? '') % 1_000) / 1_000;
    this.confirming?.cancel();
    if (this.isStopped) return;
    this.confirming = clock.after(limits.confirmMs * spread, () => this.delivery.changed(0));
  }

  private async send(): Promise<void> {
    const { clock, wire, node, pod, trace } = this.options;
    const { name, namespace = 'default', uid = '' } = pod.metadata;
    if (this.isNews) this.counter = Math.max(clock.now(), this.counter + 1);
    this.isNews = false;
    const gone = this.options.isGone();
    const report: NodeReported = {
      type: 'node.reported',
      node,
      uid,
      counter: this.counter,
      status: this.options.status() as Record<string, unknown>,
      gone,
    };
    try {
      const answer = (await wire.tell({ plural: 'pods', namespace, name }, report)) as ReportAnswer;
      if (answer?.counter !== undefined && answer.counter > report.counter) {
        // This machine's clock was set back: the report was taken for an old one.
        this.counter = answer.counter;
        this.changed(true);
        return;
      }
      if (gone) {
        this.options.onFinished();
        return;
      }
      this.confirmLater();
      if (answer?.unknown) this.options.onUnknown();
    } catch (error) {
      this.isNews = true;
      trace.log('debug', 'report not acknowledged', { pod: `${namespace}/${name}`, error: String(error) });
      throw error;
    }
  }
}
