// One line a rule: what is put into a Pod that is otherwise fine, and the exact text of the refusal.
import { isLeft } from 'fp-ts/lib/Either.js';
import { validate } from '../../../schemas/validate.ts';

function refusal(spec: object): string {
  const containers = [{ name: 'a', image: 'a' }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers, ...spec } };
  const result = validate(pod, { strict: true });
  return isLeft(result) ? result.left.message.replace('Pod "web" is invalid: ', '') : 'valid';
}

const inContainer = (fields: object) => refusal({ containers: [{ name: 'a', image: 'a', ...fields }] });
const inVolume = (fields: object) => refusal({ volumes: [{ name: 'v', ...fields }] });
const inProbe = (fields: object) =>
  inContainer({ livenessProbe: { exec: { command: ['true'] }, ...fields } });

const LABEL = /: a lowercase RFC 1123 label must consist of/;
const RANGE = 'must be between 1 and 65535, inclusive';

type Row = [object, string | RegExp];

function check(judge: (fields: object) => string) {
  return (fields: object, expected: string | RegExp) => {
    if (typeof expected === 'string') expect(judge(fields)).toBe(expected);
    else expect(judge(fields)).toMatch(expected);
  };
}

test.each<Row>([
  [{ containers: [] }, 'spec.containers: Required value'],
  [{ containers: undefined }, 'spec.containers: Required value'],
  [{ containers: {} }, 'spec.containers: Invalid value: {}: must be a list'],
  [{ containers: [{ image: 'a' }] }, 'spec.containers[0].name: Required value'],
  [{ containers: [{ name: 'a' }] }, 'spec.containers[0].image: Required value'],
  [{ containers: [{ name: 'a', image: '' }] }, 'spec.containers[0].image: Required value'],
  [
    { containers: [{}] },
    '[spec.containers[0].name: Required value, spec.containers[0].image: Required value]',
  ],
  [{ containers: [{ name: 'A', image: 'a' }] }, LABEL],
  [
    {
      containers: [
        { name: 'a', image: 'a' },
        { name: 'a', image: 'b' },
      ],
    },
    'spec.containers[1].name: Duplicate value: "a"',
  ],
  [{ initContainers: [{ name: 'a', image: 'b' }] }, 'spec.initContainers[0].name: Duplicate value: "a"'],
  [
    { initContainers: [{ name: 'b', image: 'b', livenessProbe: { tcpSocket: { port: 1 } } }] },
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  [
    {
      initContainers: [
        { name: 'b', image: 'b', restartPolicy: 'Always', livenessProbe: { tcpSocket: { port: 1 } } },
      ],
    },
    'valid',
  ],
  [
    { initContainers: [{ name: 'b', image: 'b', restartPolicy: 'Never' }] },
    'spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    { ephemeralContainers: [{ name: 'b', image: 'b', targetContainerName: 'z' }] },
    'spec.ephemeralContainers[0].targetContainerName: Not found: "z"',
  ],
  [
    { restartPolicy: 'Sometimes' },
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ],
  [{ restartPolicy: 3 }, 'spec.restartPolicy: Invalid value: 3: must be a string'],
  [
    { terminationGracePeriodSeconds: -1 },
    'spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    { terminationGracePeriodSeconds: 1.5 },
    'spec.terminationGracePeriodSeconds: Invalid value: 1.5: must be an integer',
  ],
  [
    { activeDeadlineSeconds: 0 },
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  [{ hostname: 'a.b' }, /^spec\.hostname: Invalid value: "a\.b": a lowercase RFC 1123 label/],
  [{ nodeName: 'A' }, /^spec\.nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain/],
  [{ nodeSelector: { a: '!' } }, /^spec\.nodeSelector: Invalid value: "!": a valid label must/],
  [{ hostNetwork: 'yes' }, 'spec.hostNetwork: Invalid value: "yes": must be a boolean'],
  [
    { shareProcessNamespace: true, hostPID: true },
    'spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
  ],
  [
    { hostAliases: [{ ip: '1.2.3' }] },
    'spec.hostAliases[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [{ hostAliases: [{ ip: 'fe80::1', hostnames: ['a'] }] }, 'valid'],
  [
    { dnsPolicy: 'None' },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    { dnsPolicy: 'None', dnsConfig: {} },
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ],
  [
    { dnsConfig: { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'] } },
    /must not have more than 3 nameservers$/,
  ],
  [
    { securityContext: { fsGroup: -1 } },
    'spec.securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [{ readinessGates: [{}] }, 'spec.readinessGates[0].conditionType: Required value'],
])('pod %#', check(refusal));

test.each<Row>([
  [
    { image: ' a' },
    'spec.containers[0].image: Invalid value: " a": must not have leading or trailing whitespace',
  ],
  [
    { imagePullPolicy: 'Daily' },
    'spec.containers[0].imagePullPolicy: Unsupported value: "Daily": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [
    { restartPolicy: 'Always' },
    'spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers',
  ],
  [{ command: 'sh' }, 'spec.containers[0].command: Invalid value: "sh": must be a list'],
  [{ command: [1] }, 'spec.containers[0].command[0]: Invalid value: 1: must be a string'],
  [
    { ports: [{ containerPort: '80' }] },
    'spec.containers[0].ports[0].containerPort: Invalid value: "80": must be an integer',
  ],
  [
    { ports: [{ containerPort: 65536 }] },
    `spec.containers[0].ports[0].containerPort: Invalid value: 65536: ${RANGE}`,
  ],
  [
    { ports: [{ containerPort: -1 }] },
    `spec.containers[0].ports[0].containerPort: Invalid value: -1: ${RANGE}`,
  ],
  [{ ports: [{ containerPort: 0 }] }, 'spec.containers[0].ports[0].containerPort: Required value'],
  [{ ports: [{}] }, 'spec.containers[0].ports[0].containerPort: Required value'],
  [
    { ports: [{ containerPort: 1, hostPort: 70000 }] },
    `spec.containers[0].ports[0].hostPort: Invalid value: 70000: ${RANGE}`,
  ],
  [
    { ports: [{ containerPort: 1, protocol: 'ICMP' }] },
    'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    {
      ports: [
        { containerPort: 1, name: 'http' },
        { containerPort: 2, name: 'http' },
      ],
    },
    'spec.containers[0].ports[1].name: Duplicate value: "http"',
  ],
  [
    { ports: [{ containerPort: 1, name: 'HTTP_' }] },
    /ports\[0\]\.name: Invalid value: "HTTP_": must contain only alpha/,
  ],
  [
    {
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
    },
    'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//9"',
  ],
  [
    {
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 1, hostPort: 9, protocol: 'UDP' },
      ],
    },
    'valid',
  ],
  [{ env: [{ value: 'x' }] }, 'spec.containers[0].env[0].name: Required value'],
  [
    { env: [{ name: 'a=b' }] },
    'spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of ' +
      "printable ASCII characters other than '='",
  ],
  [{ env: [{ name: 'A', value: 1 }] }, 'spec.containers[0].env[0].value: Invalid value: 1: must be a string'],
  [
    { env: [{ name: 'A', valueFrom: {} }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, ' +
      '`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
  ],
  [
    { env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  [
    {
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { key: 'k' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
  ],
  [
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.colour' } } }] },
    /^spec\.containers\[0\]\.env\[0\]\.valueFrom\.fieldRef\.fieldPath: Unsupported value: "spec\.colour": supported values: "metadata\.name", /,
  ],
  [{ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] }, 'valid'],
  [
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c' } } }] },
    'spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Required value',
  ],
  [
    { envFrom: [{}] },
    'spec.containers[0].envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
  ],
  [
    { volumeMounts: [{ name: 'data', mountPath: '/d' }] },
    'spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ],
  [
    { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    { resources: { requests: { memory: '-1' } } },
    'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    { resources: { limits: { memory: '64MB' } } },
    'spec.containers[0].resources.limits[memory]: Invalid value: "64MB": unable to parse quantity\'s suffix',
  ],
  [
    { resources: { limits: { gpu: 1 } } },
    '[spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully ' +
      'qualified, spec.containers[0].resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for ' +
      'containers, spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type ' +
      'or fully qualified, spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard ' +
      'resource for containers]',
  ],
  [{ resources: { limits: { 'example.com/gpu': '1' } } }, 'valid'],
  [
    { resources: { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } } },
    'spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
  ],
  [
    { securityContext: { privileged: true, allowPrivilegeEscalation: false } },
    /cannot set `allowPrivilegeEscalation` to false and `privileged` to true$/,
  ],
  [
    { securityContext: { runAsUser: -1 } },
    'spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    { securityContext: { seccompProfile: { type: 'Localhost' } } },
    'spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when type is Localhost',
  ],
  [
    { lifecycle: { preStop: {} } },
    'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
  ],
  [
    { lifecycle: { preStop: { exec: {} } } },
    'spec.containers[0].lifecycle.preStop.exec.command: Required value',
  ],
])('container %#', check(inContainer));

test('ports on the host network are the ports of the host', () => {
  const containers = [{ name: 'a', image: 'a', ports: [{ containerPort: 80, hostPort: 81 }] }];
  expect(refusal({ hostNetwork: true, containers })).toBe(
    'spec.containers[0].ports[0].containerPort: Invalid value: 80: must match `hostPort` when `hostNetwork` is true',
  );
});

test.each<Row>([
  [{}, 'valid'],
  [{ exec: undefined }, 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  [
    { tcpSocket: { port: 80 } },
    'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ],
  [
    { exec: undefined, httpGet: { port: 0 } },
    `spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: ${RANGE}`,
  ],
  [{ exec: undefined, httpGet: {} }, 'spec.containers[0].livenessProbe.httpGet.port: Required value'],
  [
    { exec: undefined, httpGet: { port: 'web', scheme: 'FTP' } },
    'spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
  ],
  [{ exec: undefined, grpc: { port: 0 } }, /grpc\.port: Invalid value: 0: must be between/],
  [
    { periodSeconds: -1 },
    'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  [{ successThreshold: 2 }, 'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
  [
    { terminationGracePeriodSeconds: 0 },
    'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
  ],
])('probe %#', check(inProbe));

test.each<Row>([
  [{}, 'valid'],
  [{ name: '' }, 'spec.volumes[0].name: Required value'],
  [{ name: 'V' }, LABEL],
  [
    { emptyDir: {}, hostPath: { path: '/' } },
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  [
    { emptyDir: { sizeLimit: '-1' } },
    'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
  ],
  [
    { hostPath: { path: '/a/../b' } },
    `spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
  ],
  [{ hostPath: {} }, 'spec.volumes[0].hostPath.path: Required value'],
  [
    { hostPath: { path: '/', type: 'Dir' } },
    /^spec\.volumes\[0\]\.hostPath\.type: Unsupported value: "Dir": supported values: "", "BlockDevice"/,
  ],
  [{ configMap: {} }, 'spec.volumes[0].configMap.name: Required value'],
  [
    { secret: { secretName: 's', defaultMode: 512 } },
    'spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
  ],
  [
    { configMap: { name: 'c', items: [{ key: 'k', path: '/abs' }] } },
    'spec.volumes[0].configMap.items[0].path: Invalid value: "/abs": must be a relative path',
  ],
  [{ persistentVolumeClaim: {} }, 'spec.volumes[0].persistentVolumeClaim.claimName: Required value'],
  [
    { downwardAPI: { items: [{ path: 'a' }] } },
    'spec.volumes[0].downwardAPI.items[0]: Required value: one of fieldRef and resourceFieldRef is required',
  ],
  [
    { projected: { sources: [{ secret: { name: 's' }, configMap: { name: 'c' } }] } },
    /: Forbidden: may not specify more than 1 volume type per source$/,
  ],
  [
    { projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] } },
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a ' +
      'duration less than 10 minutes',
  ],
])('volume %#', check(inVolume));

test('volumes are unique and mounts are in order', () => {
  const volumes = [{ name: 'v' }, { name: 'v' }];
  expect(refusal({ volumes })).toBe('spec.volumes[1].name: Duplicate value: "v"');
  const mounts = (...volumeMounts: object[]) =>
    refusal({ volumes: [{ name: 'v' }], containers: [{ name: 'a', image: 'a', volumeMounts }] });
  const mount = { name: 'v', mountPath: '/d' };
  const at = 'spec.containers[0].volumeMounts';
  expect(mounts(mount, mount)).toBe(`${at}[1].mountPath: Invalid value: "/d": must be unique`);
  expect(mounts({ ...mount, mountPath: '' })).toBe(`${at}[0].mountPath: Required value`);
  expect(mounts({ ...mount, subPath: '../x' })).toBe(
    `${at}[0].subPath: Invalid value: "../x": must not contain '..'`,
  );
  expect(mounts({ ...mount, mountPropagation: 'Bidirectional' })).toBe(
    `${at}[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
  );
});

const nodeTerm = (matchExpressions: object[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    },
  },
});
const IN_NODE =
  'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]';

test.each<Row>([
  [nodeTerm([{ key: 'a', operator: 'In', values: ['x'] }]), 'valid'],
  [
    nodeTerm([{ key: 'a', operator: 'In' }]),
    `${IN_NODE}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    nodeTerm([{ key: 'a', operator: 'Exists', values: ['x'] }]),
    `${IN_NODE}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
  ],
  [
    nodeTerm([{ key: 'a', operator: 'Gt' }]),
    `${IN_NODE}.values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
  ],
  [
    nodeTerm([{ key: 'a', operator: 'Like' }]),
    `${IN_NODE}.operator: Invalid value: "Like": not a valid selector operator`,
  ],
  [
    {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    },
    /nodeSelectorTerms: Required value: must have at least one node selector term$/,
  ],
  [
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } },
    /\[0\]\.topologyKey: Required value: can not be empty$/,
  ],
  [
    {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 101, podAffinityTerm: { topologyKey: 'a' } },
          ],
        },
      },
    },
    /\[0\]\.weight: Invalid value: 101: must be in the range 1-100$/,
  ],
  [{ tolerations: [{ key: 'a', value: 'b' }] }, 'valid'],
  [
    { tolerations: [{}] },
    'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means ' +
      '"match all values and all keys"',
  ],
  [
    { tolerations: [{ operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 3 }] },
    'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
  ],
  [
    { tolerations: [{ operator: 'Near', key: 'a' }] },
    'spec.tolerations[0].operator: Unsupported value: "Near": supported values: "Equal", "Exists"',
  ],
  [
    { tolerations: [{ operator: 'Exists', key: 'a', value: 'b' }] },
    /value must be empty when `operator` is 'Exists'$/,
  ],
  [
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] },
    /^\[?spec\.topologySpreadConstraints\[0\]\.maxSkew: Invalid value: 0: must be greater than zero$/,
  ],
  [
    { schedulingGates: [{ name: 'g' }], nodeName: 'n' },
    'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ],
  [{ schedulingGates: [{ name: 'g' }, { name: 'g' }] }, 'spec.schedulingGates[1]: Duplicate value: "g"'],
])('placement %#', check(refusal));
