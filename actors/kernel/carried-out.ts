// Which requests have been carried out already: those in the record, and, while the activation lives, those on objects
// of this name that have been deleted. Without it a request that comes again would undo a later one, or make anew what
// was deleted.
import { TroupeError } from '../../schemas/errors.ts';
import type { Mail } from './mailbox.ts';
import type { ActorRecord } from './record.ts';

/** Events that make an object where there is none. */
const CREATIONS: ReadonlySet<string> = new Set(['object.create', 'object.apply']);

/** Requests on deleted objects that are remembered; the oldest are forgotten first. */
const REMEMBERED = 32;

export class CarriedOut {
  private readonly key: string;
  private former: readonly string[] = [];

  constructor(key: string) {
    this.key = key;
  }

  /** True when the message is part of the record; throws CONFLICT when it was part of one that is no more. */
  has({ event, id }: Mail, record: ActorRecord | undefined): boolean {
    if (record) {
      const { applied, requests = [] } = record.actor;
      return applied === id || requests.includes(id);
    }
    if (!CREATIONS.has(event.type) || !this.former.includes(id)) return false;
    throw new TroupeError('CONFLICT', `"${this.key}" was created by this very request, and deleted since`);
  }

  /** The object is deleted; what was asked of it may still come again. */
  deleted({ actor }: ActorRecord): void {
    this.former = [...this.former, ...(actor.requests ?? [])].slice(-REMEMBERED);
  }
}
