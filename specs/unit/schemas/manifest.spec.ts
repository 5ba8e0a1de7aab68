import { isLeft } from 'fp-ts/lib/Either.js';
import { locate, type Manifest, parseManifests, toYaml } from '../../../schemas/manifest.ts';
import { validate } from '../../../schemas/validate.ts';

function read(text: string): Manifest[] {
  const result = parseManifests(text, 'web.yaml');
  if (isLeft(result)) throw result.left;
  return result.right;
}

const refusal = (text: string, options = {}) => {
  const result = parseManifests(text, 'web.yaml', options);
  return isLeft(result) ? `${result.left.code} ${result.left.message}` : 'read';
};

const POD = `# the pod
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: nginx
    image: nginx
    resources:
      limits:
        cpu: "1"
`;

test('knows the line of every field, or of the nearest one around it', () => {
  const [manifest] = read(POD);
  expect(manifest!.line).toBe(2);
  const paths = [
    'spec.containers[0].image',
    'spec.containers[0].resources.limits[cpu]',
    'spec.containers[0].ports',
  ];
  expect(paths.map((path) => manifest!.lineOf(path))).toEqual([9, 12, 8]);
  expect(manifest!.lineOf('nowhere')).toBe(2);
});

test('reads several documents and takes lists apart', () => {
  const found = read(`${POD}---\n---\n# nothing\n---\nkind: PodList\nitems:\n- a: 1\n- b:\n    c: 2\n`);
  expect(found.map(({ line, value }) => [line, (value as any).kind ?? value])).toEqual([
    [2, 'Pod'],
    [19, { a: 1 }],
    [20, { b: { c: 2 } }],
  ]);
  expect(found[2]!.lineOf('b.c')).toBe(21);
  expect(read('')).toEqual([]);
});

test('reads YAML as kubectl does', () => {
  const [{ value }] = read(
    'a: 2024-01-01T00:00:00Z\nb: 22:22\nc: yes\nd: 0777\ne: off\n8: x\nf: &f {g: 1}\nh: {<<: *f}\n',
  ) as [Manifest];
  expect(value).toEqual({
    8: 'x',
    a: '2024-01-01T00:00:00Z',
    b: '22:22',
    c: true,
    d: 511,
    e: false,
    f: { g: 1 },
    h: { g: 1 },
  });
  expect(read('{\n\t"a": [true, null]\n}')[0]!.value).toEqual({ a: [true, null] });
});

const bomb = [
  'a: &a [1,1,1,1,1,1,1,1,1]',
  ...['b', 'c', 'd', 'e', 'f'].map((name, i) => {
    const before = 'abcde'[i];
    return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`;
  }),
].join('\n');

test.each([
  ['a: 1\nb:\n  c: 1\n  c: 2\n', 'line 4: Map keys must be unique'],
  ['a: 1\nb: c: d\n', 'line 2: Nested mappings are not allowed in compact mappings'],
  ['a:\n\tb: 1\n', 'line 2: Tabs are not allowed as indentation'],
  ['a: *nobody\n', 'line 1: Unresolved alias (the anchor must be set before the alias): nobody'],
  [bomb, 'line 1: Excessive alias count indicates a resource exhaustion attack'],
  ['a: &a\n  b: *a\n', 'line 2: nested more than 64 levels deep'],
  [`a: ${'['.repeat(100)}${']'.repeat(100)}`, 'line 1: nested more than 64 levels deep'],
  [`a: ${'['.repeat(100_000)}`, 'line 1: nested more than 64 levels deep'],
  ['a: 1\nb: .inf\n', 'line 2: .inf is not a number that JSON has'],
  ['? {a: 1}\n: 2\n', 'line 1: a key must be a single word'],
  ['- a\n', 'line 1: an object with apiVersion and kind was expected'],
  ['hello\n', 'line 1: an object with apiVersion and kind was expected'],
])('refuses a bad file (%#)', (text, reason) => {
  expect(refusal(text)).toBe(`BAD_REQUEST error parsing web.yaml: ${reason}`);
});

test('refuses a file that is too large before reading it', () => {
  expect(refusal('a: "ä"', { maxBytes: 6 })).toBe(
    'TOO_LARGE error parsing web.yaml: the file has 7 bytes; at most 6 are read',
  );
});

test('puts file and line before what validation found', () => {
  const [manifest] = read(POD.replace('    image: nginx\n', '').replace('name: web', 'name: Web'));
  const result = validate(manifest!.value, { strict: true });
  if (!isLeft(result)) throw new Error('it is not valid');
  const located = locate(result.left, manifest!);
  expect(located.code).toBe('INVALID');
  expect(located.message.split('\n')).toEqual([
    expect.stringMatching(
      /^web\.yaml:5: metadata\.name: Invalid value: "Web": a lowercase RFC 1123 subdomain/,
    ),
    'web.yaml:8: spec.containers[0].image: Required value',
  ]);
  expect(located.details).toMatchObject({ file: 'web.yaml', line: 5, name: 'Web' });
});

test('puts file and line before unknown fields and whole objects', () => {
  const at = (text: string) => {
    const [manifest] = read(text);
    const result = validate(manifest!.value, { strict: true });
    return isLeft(result) ? locate(result.left, manifest!).message : 'valid';
  };
  expect(at(POD.replace('spec:', 'spec:\n  contaniers: []'))).toBe(
    'web.yaml:7: unknown field "spec.contaniers"',
  );
  expect(at(POD.replace('kind: Pod', 'kind: Pud'))).toBe(
    'web.yaml:2: no matches for kind "Pud" in version "v1"',
  );
});

test('writes YAML as kubectl does', () => {
  const labels = { b: 'yes', a: '80', c: '1:30', d: '2024-01-01', e: '' };
  const shared = { x: 1 };
  const object = {
    kind: 'Pod',
    apiVersion: 'v1',
    spec: { list: [shared, shared], gone: undefined },
    metadata: { labels },
  };
  expect(toYaml(object)).toBe(`apiVersion: v1
kind: Pod
metadata:
  labels:
    a: "80"
    b: "yes"
    c: "1:30"
    d: "2024-01-01"
    e: ""
spec:
  list:
  - x: 1
  - x: 1
`);
  expect(read(toYaml(object))[0]!.value).toEqual(JSON.parse(JSON.stringify(object)));
});
