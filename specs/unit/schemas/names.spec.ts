import {
  configKeyErrors,
  envNameErrors,
  labelErrors,
  labelValueErrors,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
  subdomainErrors,
} from '../../../schemas/names.ts';

const NOT_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
  "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NOT_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
  "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NOT_NAME =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const NOT_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start " +
  "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation " +
  "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

test('DNS labels', () => {
  expect(labelErrors('my-name')).toEqual([]);
  expect(labelErrors('My_Name')).toEqual([NOT_LABEL]);
  expect(labelErrors('a.b')).toEqual([NOT_LABEL]);
  expect(labelErrors('a\n')).toEqual([NOT_LABEL]);
  expect(labelErrors('a'.repeat(63))).toEqual([]);
  expect(labelErrors('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
});

test('DNS subdomains', () => {
  expect(subdomainErrors('a.b-c.1')).toEqual([]);
  expect(subdomainErrors('a..b')).toEqual([NOT_SUBDOMAIN]);
  expect(subdomainErrors('Web')).toEqual([NOT_SUBDOMAIN]);
  expect(subdomainErrors('a'.repeat(254))).toEqual(['must be no more than 253 bytes']);
});

test('qualified names', () => {
  expect(qualifiedNameErrors('example.com/My.Name')).toEqual([]);
  expect(qualifiedNameErrors('a b')).toEqual([`name part ${NOT_NAME}`]);
  expect(qualifiedNameErrors('/a')).toEqual(['prefix part must be non-empty']);
  expect(qualifiedNameErrors('a/')).toEqual(['name part must be non-empty', `name part ${NOT_NAME}`]);
  expect(qualifiedNameErrors('A/b')).toEqual([`prefix part ${NOT_SUBDOMAIN}`]);
  expect(qualifiedNameErrors('a/b/c')).toEqual([
    `a qualified name ${NOT_NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ]);
  expect(qualifiedNameErrors('a'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
});

test('label values', () => {
  expect(labelValueErrors('')).toEqual([]);
  expect(labelValueErrors('v1.2_x')).toEqual([]);
  expect(labelValueErrors('-x')).toEqual([NOT_VALUE]);
});

test('environment, keys and ports', () => {
  expect(envNameErrors('my.env-NAME 1')).toEqual([]);
  expect(envNameErrors('a=b')).toEqual([
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ]);
  expect(configKeyErrors('..')).toEqual(["must not be '..'"]);
  expect(configKeyErrors('..a')).toEqual(["must not start with '..'"]);
  expect(portNameErrors('http-2')).toEqual([]);
  expect(portNameErrors('A--1234567890123-')).toEqual([
    'must be no more than 15 bytes',
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'must contain at least one letter (a-z)',
    'must not contain consecutive hyphens',
    'must not begin or end with a hyphen',
  ]);
  expect([1, 65535].flatMap(portNumberErrors)).toEqual([]);
  expect([0, -1, 65536].map((port) => portNumberErrors(port)[0])).toEqual(
    Array(3).fill('must be between 1 and 65535, inclusive'),
  );
});
