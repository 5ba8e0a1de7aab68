// What is known about a kind of object. A kind is data: adding one means writing one such value and putting
// it into the table in kinds.ts.
import type { Findings } from './findings.ts';
import type { KubeObject } from './object.ts';
import type { Shape } from './shape.ts';

export interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** `all` puts the kind into `get all`. */
  readonly categories: readonly string[];
  readonly codec: Shape<any>;
  /** Fields of `--field-selector`, besides metadata.name and metadata.namespace. */
  readonly selectableFields?: readonly string[];
  /** What names of this kind must be; a DNS subdomain when absent. */
  readonly nameErrors?: (name: string) => readonly string[];
  /** Fills in what the user left out, in the object given: the caller's own copy, decoded. */
  readonly defaults?: (object: any) => any;
  /** Reports values that are not allowed. Runs on decoded objects with defaults. */
  readonly rules?: (object: any, findings: Findings) => void;
  /** Reports changes that are not allowed. */
  readonly updateRules?: (before: any, after: any, findings: Findings) => void;
}

export type { KubeObject };
