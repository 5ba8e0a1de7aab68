// A fact on the wire, as hosts announce it and clients hear it.

/** News of something that has become true, as a CloudEvent of specification 1.0. */
export interface Fact {
  readonly specversion: '1.0';
  readonly id: string;
  /** `troupe/<cluster>/<host>`. */
  readonly source: string;
  /** `dev.troupe.<kind>.<fact>`, such as `dev.troupe.pod.scheduled`. */
  readonly type: string;
  /** The key of the object, such as `pods.default.web`. */
  readonly subject: string;
  /** RFC 3339 with milliseconds. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: {
    readonly uid: string;
    readonly revision: number;
    readonly state: unknown;
    readonly [more: string]: unknown;
  };
}
