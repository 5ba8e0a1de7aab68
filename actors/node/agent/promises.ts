// What a node has promised. It alone knows, so it grants or refuses, and never promises the same room twice. A promise
// lapses unless the order to run follows; an order makes it a commitment until the pod has ended or is gone.
import type { Clock } from '../../../messaging/ports.ts';
import { type PodRequests, PROMISE_MS } from '../protocol.ts';

export interface NodeCapacity {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

interface Promised {
  readonly requests: PodRequests;
  /** Monotonic milliseconds; undefined for a commitment. */
  readonly until: number | undefined;
}

export class Promises {
  private readonly capacity: NodeCapacity;
  private readonly clock: Clock;
  private readonly promised = new Map<string, Promised>();
  private cpuMillis = 0;
  private memoryBytes = 0;

  constructor(capacity: NodeCapacity, clock: Clock) {
    this.capacity = capacity;
    this.clock = clock;
  }

  get used(): NodeCapacity {
    return { cpuMillis: this.cpuMillis, memoryBytes: this.memoryBytes, pods: this.promised.size };
  }

  /** Promises the room, or says in Kubernetes' words why not. The same pod may ask again. */
  offer(uid: string, requests: PodRequests): string | undefined {
    if (this.isCommitted(uid)) return undefined;
    this.release(uid);
    const reason = this.refusal(requests);
    if (!reason) this.add(uid, { requests, until: this.clock.monotonic() + PROMISE_MS });
    return reason;
  }

  /** Turns a promise into a commitment; without a promise there has to be room. Says why not. */
  commit(uid: string, requests: PodRequests): string | undefined {
    if (this.isCommitted(uid)) return undefined;
    this.release(uid);
    const reason = this.refusal(requests);
    if (!reason) this.add(uid, { requests, until: undefined });
    return reason;
  }

  /** Takes over what runs already, room or not. */
  adopt(uid: string, requests: PodRequests): void {
    this.release(uid);
    this.add(uid, { requests, until: undefined });
  }

  release(uid: string): void {
    const known = this.promised.get(uid);
    if (!known) return;
    this.promised.delete(uid);
    this.cpuMillis -= known.requests.cpuMillis;
    this.memoryBytes -= known.requests.memoryBytes;
  }

  private isCommitted(uid: string): boolean {
    const known = this.promised.get(uid);
    return known !== undefined && known.until === undefined;
  }

  private refusal({ cpuMillis, memoryBytes, hostPorts }: PodRequests): string | undefined {
    const { capacity } = this;
    const hasRoom = () => {
      const fits = this.promised.size + 1 <= capacity.pods;
      const cpu = cpuMillis === 0 || this.cpuMillis + cpuMillis <= capacity.cpuMillis;
      const memory = memoryBytes === 0 || this.memoryBytes + memoryBytes <= capacity.memoryBytes;
      return { fits, cpu, memory, ports: this.arePortsFree(hostPorts) };
    };
    let room = hasRoom();
    if (!room.fits || !room.cpu || !room.memory || !room.ports) {
      this.dropLapsed();
      room = hasRoom();
    }
    if (!room.fits) return 'Too many pods';
    if (!room.cpu) return 'Insufficient cpu';
    if (!room.memory) return 'Insufficient memory';
    if (!room.ports) return "node(s) didn't have free ports for the requested pod ports";
    return undefined;
  }

  private arePortsFree(wanted: PodRequests['hostPorts']): boolean {
    if (wanted.length === 0) return true;
    for (const { requests } of this.promised.values()) {
      if (requests.hostPorts.some((taken) => wanted.some((port) => areSame(taken, port)))) return false;
    }
    return true;
  }

  private add(uid: string, promised: Promised): void {
    this.promised.set(uid, promised);
    this.cpuMillis += promised.requests.cpuMillis;
    this.memoryBytes += promised.requests.memoryBytes;
  }

  private dropLapsed(): void {
    const now = this.clock.monotonic();
    for (const [uid, { until }] of this.promised) if (until !== undefined && until <= now) this.release(uid);
  }
}

type HostPort = PodRequests['hostPorts'][number];

const isAny = (hostIP: string) => hostIP === '' || hostIP === '0.0.0.0' || hostIP === '::';

function areSame(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.hostIP === b.hostIP || isAny(a.hostIP) || isAny(b.hostIP);
}
