import fc from 'fast-check';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type Description, describe as describeCodec } from '../../../schemas/meta.ts';
import { container } from '../../../schemas/pod/container.ts';
import { podSpec } from '../../../schemas/pod/pod-spec.ts';
import { validate, validateUpdate } from '../../../schemas/validate.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }] }] },
};

const fieldsOf = (description: Description) => Object.keys(description.fields ?? {});

const refusal = (value: unknown, strict = true) => {
  const result = validate(value, { strict });
  return isLeft(result) ? `${result.left.code} ${result.left.message}` : 'valid';
};

function accepted(value: unknown, strict = true) {
  const result = validate(value, { strict });
  if (isLeft(result)) throw result.left;
  return result.right;
}

test('fills in what Kubernetes fills in, and leaves the given object alone', () => {
  const before = structuredClone(POD);
  const { object, warnings } = accepted(POD);
  expect(POD).toEqual(before);
  expect(warnings).toEqual([]);
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers: [
        {
          name: 'nginx',
          image: 'nginx',
          imagePullPolicy: 'Always',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    },
  });
  expect(accepted(object).object).toEqual(object);
});

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.25', 'IfNotPresent'],
  ['localhost:5000/nginx', 'Always'],
  ['localhost:5000/nginx:2', 'IfNotPresent'],
  [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
])('%s is pulled %s', (image, policy) => {
  const { object } = accepted({ ...POD, spec: { containers: [{ name: 'a', image }] } });
  expect(object.spec).toMatchObject({ containers: [{ imagePullPolicy: policy }] });
});

test('fills in probes, volumes, requests and host ports', () => {
  const { object } = accepted({
    ...POD,
    spec: {
      hostNetwork: true,
      containers: [
        {
          name: 'a',
          image: 'a',
          ports: [{ containerPort: 80 }],
          readinessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: 0.5, memory: '1024Mi' }, requests: { cpu: '0.1' } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        },
      ],
      volumes: [{ name: 'tmp' }, { name: 'files', secret: { secretName: 's' } }],
    },
  });
  expect(object.spec).toMatchObject({
    containers: [
      {
        ports: [{ containerPort: 80, hostPort: 80 }],
        readinessProbe: {
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
        env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }, { secret: { defaultMode: 420 } }],
  });
});

test('unknown fields are all listed when strict, else kept with a warning', () => {
  const pod = {
    ...POD,
    colour: 1,
    spec: { ...POD.spec, contaniers: [], volumes: [{ name: 'a', emptyDir: { size: 1 } }] },
  };
  expect(refusal(pod)).toBe(
    'BAD_REQUEST Pod in version "v1" cannot be handled as a Pod: strict decoding error: ' +
      'unknown field "spec.contaniers", unknown field "spec.volumes[0].emptyDir.size", unknown field "colour"',
  );
  const { object, warnings } = accepted(pod, false);
  expect(warnings).toEqual([
    'unknown field "spec.contaniers"',
    'unknown field "spec.volumes[0].emptyDir.size"',
    'unknown field "colour"',
  ]);
  expect(object).toMatchObject({ colour: 1, spec: { contaniers: [], volumes: [{ emptyDir: { size: 1 } }] } });
});

test('nulls are the same as absent fields', () => {
  const metadata = { name: 'web', creationTimestamp: null, labels: null };
  const { object } = accepted({ ...POD, metadata, spec: { ...POD.spec, volumes: null }, status: {} });
  expect(object.metadata).toEqual({ name: 'web', namespace: 'default' });
  expect(object.spec).not.toHaveProperty('volumes');
});

test('a key that means the prototype cannot do harm', () => {
  const { object, warnings } = accepted(
    JSON.parse(JSON.stringify(POD).replace('"spec":{', '"spec":{"__proto__":{"hostNetwork":true},')),
    false,
  );
  expect(warnings).toEqual(['unknown field "spec.__proto__"']);
  expect((object.spec as any).hostNetwork).toBeUndefined();
  const labels = JSON.parse('{"__proto__": "x"}');
  expect(refusal({ ...POD, metadata: { name: 'web', labels } })).toMatch(
    /unknown field "metadata.labels\[__proto__\]"$/,
  );
});

test.each([
  [3, 'BAD_REQUEST an object was expected, with apiVersion and kind: 3'],
  [[], 'BAD_REQUEST an object was expected, with apiVersion and kind: []'],
  [undefined, 'BAD_REQUEST an object was expected, with apiVersion and kind: null'],
  [{}, "BAD_REQUEST Object 'Kind' is missing in '{}'"],
  [{ kind: 'Pod' }, `BAD_REQUEST Object 'apiVersion' is missing in '{"kind":"Pod"}'`],
  [{ ...POD, kind: 'Pud' }, 'UNSUPPORTED no matches for kind "Pud" in version "v1"'],
  [{ ...POD, metadata: 3 }, 'INVALID Pod "" is invalid: metadata: Invalid value: 3: must be an object'],
  [
    { apiVersion: 'v1', kind: 'Pod' },
    'INVALID Pod "" is invalid: [metadata.name: Required value: name or generateName is required, ' +
      'spec.containers: Required value]',
  ],
  [
    { ...POD, metadata: { generateName: 'Web-' } },
    /^INVALID Pod "Web-" is invalid: metadata\.generateName: Invalid value: "Web-": a low/,
  ],
  [
    { ...POD, metadata: { name: 'web', namespace: 'a.b' } },
    /metadata\.namespace: Invalid value: "a\.b": a lowercase RFC 1123 label/,
  ],
  [
    { ...POD, metadata: { name: 'web', labels: { app: 1 } } },
    'INVALID Pod "web" is invalid: metadata.labels[app]: Invalid value: 1: must be a string',
  ],
  [
    { ...POD, metadata: { name: 'web', labels: { 'a b': 'x' } } },
    /metadata\.labels: Invalid value: "a b": name part must/,
  ],
  [
    { ...POD, metadata: { name: 'web', labels: { a: '-' } } },
    /metadata\.labels: Invalid value: "-": a valid label must/,
  ],
  [
    { ...POD, metadata: { name: 'web', annotations: { a: 'x'.repeat(262144) } } },
    'INVALID Pod "web" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
  ],
  [
    { ...POD, metadata: { name: 'web', creationTimestamp: 'today' } },
    'INVALID Pod "web" is invalid: metadata.creationTimestamp: Invalid value: "today": must be a time in RFC 3339 form, as 2006-01-02T15:04:05Z',
  ],
  [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'b' } },
    'INVALID Namespace "a" is invalid: metadata.namespace: Forbidden: not allowed on this type',
  ],
])('refuses what is no object of a kind (%#)', (value, text) => {
  if (text instanceof RegExp) expect(refusal(value)).toMatch(text);
  else expect(refusal(value)).toBe(text);
});

test('a refusal carries its causes as Kubernetes does', () => {
  const result = validate({ ...POD, spec: { containers: [{ name: 'a' }] } }, { strict: true });
  if (!isLeft(result)) throw new Error('it is valid');
  expect(result.left.toStatus()).toMatchObject({
    message: 'Pod "web" is invalid: spec.containers[0].image: Required value',
    reason: 'Invalid',
    code: 422,
    details: {
      name: 'web',
      kind: 'Pod',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers[0].image' },
      ],
    },
  });
});

test('what is too deep, too long or too much is refused in a short text', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  expect(refusal({ ...POD, extra: deep })).toBe('BAD_REQUEST the object is nested more than 64 levels deep');
  expect(refusal({ a: deep })).toBe("BAD_REQUEST Object 'Kind' is missing in '{…}'");
  expect(refusal({ ...POD, spec: 'x'.repeat(1_000_000) }).length).toBeLessThan(1000);
  const containers = Array(10_000).fill({ name: 'a' });
  expect(refusal({ ...POD, spec: { containers } }).match(/Required value|Duplicate/g)).toHaveLength(100);
});

test('no value makes validation throw or lets a broken Pod through', () => {
  const leaf = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(undefined, [{}], [null], ['a'], { a: 'b' }),
  );
  const fields = fieldsOf(describeCodec(podSpec));
  const inContainer = fieldsOf(describeCodec(container));
  const property = fc.property(
    fc.constantFrom(...fields),
    fc.constantFrom(...inContainer),
    leaf,
    leaf,
    (a, b, x, y) => {
      const containers = [{ name: 'a', image: 'a', [b]: y }];
      const result = validate({ ...POD, spec: { containers, [a]: x } }, { strict: false });
      if (isLeft(result)) expect(['INVALID', 'BAD_REQUEST']).toContain(result.left.code);
      else expect(accepted(result.right.object, false).object).toEqual(result.right.object);
    },
  );
  fc.assert(property, { numRuns: 2_000 });
});

test('the other kinds are read too', () => {
  const metadata = { name: 'n1' };
  expect(accepted({ apiVersion: 'v1', kind: 'Node', metadata }).object.metadata).toEqual(metadata);
  expect(accepted({ apiVersion: 'v1', kind: 'Namespace', metadata }).object.metadata).toEqual(metadata);
  const event = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { kind: 'Pod' }, count: 1 };
  expect(accepted(event).object).toMatchObject({ count: 1, metadata: { namespace: 'default' } });
  expect(
    refusal({ apiVersion: 'v1', kind: 'Node', metadata, status: { capacity: { cpu: 'lots' } } }),
  ).toMatch(
    /^INVALID Node "n1" is invalid: status\.capacity\[cpu\]: Invalid value: "lots": quantities must match/,
  );
});

describe('updates', () => {
  const MAY_CHANGE =
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
    '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
    'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  const before = accepted({
    ...POD,
    spec: { ...POD.spec, activeDeadlineSeconds: 60, tolerations: [{ key: 'a', operator: 'Exists' }] },
  }).object;

  const update = (change: (spec: any, metadata: any) => void) => {
    const after = structuredClone(before);
    change(after.spec, after.metadata);
    const result = validateUpdate(before, after);
    return isLeft(result) ? result.left.message.replace('Pod "web" is invalid: ', '') : 'valid';
  };

  test.each<[string, (spec: any, metadata: any) => void, string]>([
    ['nothing', () => {}, 'valid'],
    [
      'labels',
      (_, metadata) => {
        metadata.labels = { a: 'b' };
      },
      'valid',
    ],
    [
      'image',
      (spec) => {
        spec.containers[0].image = 'caddy';
      },
      'valid',
    ],
    [
      'earlier deadline',
      (spec) => {
        spec.activeDeadlineSeconds = 30;
      },
      'valid',
    ],
    [
      'more tolerations',
      (spec) => {
        spec.tolerations.push({ operator: 'Exists' });
      },
      'valid',
    ],
    [
      'an empty list',
      (spec) => {
        spec.volumes = [];
      },
      'valid',
    ],
    [
      'command',
      (spec) => {
        spec.containers[0].command = ['sh'];
      },
      `${MAY_CHANGE}\n  spec.containers[0].command: null -> ["sh"]`,
    ],
    [
      'grace',
      (spec) => {
        spec.terminationGracePeriodSeconds = 1;
      },
      `${MAY_CHANGE}\n  spec.terminationGracePeriodSeconds: 30 -> 1`,
    ],
    [
      'more containers',
      (spec) => {
        spec.containers.push({ name: 'b', image: 'b' });
      },
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'init containers',
      (spec) => {
        spec.initContainers = [{ name: 'b', image: 'b' }];
      },
      'spec.initContainers: Forbidden: pod updates may not add or remove containers',
    ],
    [
      'later deadline',
      (spec) => {
        spec.activeDeadlineSeconds = 90;
      },
      'spec.activeDeadlineSeconds: Invalid value: 90: must be less than or equal to previous value',
    ],
    [
      'no deadline',
      (spec) => {
        delete spec.activeDeadlineSeconds;
      },
      'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
    ],
    [
      'fewer tolerations',
      (spec) => {
        spec.tolerations = [];
      },
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ],
    [
      'new gate',
      (spec) => {
        spec.schedulingGates = [{ name: 'g' }];
      },
      "spec.schedulingGates: Forbidden: only deletion is allowed, but found new scheduling gate 'g'",
    ],
    [
      'name',
      (_, metadata) => {
        metadata.namespace = 'other';
      },
      'metadata.namespace: Invalid value: "other": field is immutable',
    ],
  ])('%s', (_, change, expected) => {
    expect(update(change)).toBe(expected);
  });
});
