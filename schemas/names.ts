// What names, labels and ports may look like, each answered with the reasons why a text is refused, in
// Kubernetes' words; no reasons means it is fine.

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const HEADER = '[-A-Za-z0-9]+';

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const IS_LABEL = whole(LABEL);
const IS_SUBDOMAIN = whole(SUBDOMAIN);
const IS_QUALIFIED = whole(QUALIFIED);
const IS_LABEL_VALUE = whole(LABEL_VALUE);
const IS_CONFIG_KEY = whole(CONFIG_KEY);
const IS_HEADER = whole(HEADER);
const IS_PRINTABLE = /^[ -<>-~]*$/;

export const LABEL_MAX_BYTES = 63;
export const SUBDOMAIN_MAX_BYTES = 253;

type Reasons = readonly string[];
const FINE: Reasons = [];

function pattern(text: string, regex: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${text} (e.g. ${shown}regex used for validation is '${regex}')`;
}

const NOT_LABEL = pattern(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start " +
    'and end with an alphanumeric character',
  LABEL,
  'my-name',
  '123-abc',
);
const NOT_SUBDOMAIN = pattern(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must " +
    'start and end with an alphanumeric character',
  SUBDOMAIN,
  'example.com',
);
const NOT_QUALIFIED = pattern(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
    'alphanumeric character',
  QUALIFIED,
  'MyName',
  'my.name',
  '123-abc',
);
const NOT_LABEL_VALUE = pattern(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must " +
    'start and end with an alphanumeric character',
  LABEL_VALUE,
  'MyValue',
  'my_value',
  '12345',
);
const NOT_CONFIG_KEY = pattern(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  CONFIG_KEY,
  'key.name',
  'KEY_NAME',
  'key-name',
);
const NOT_HEADER = pattern(
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  HEADER,
  'X-Header-Name',
);

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`;
}

function check(text: string, max: number, is: RegExp, not: string): Reasons {
  if (text.length <= max) return is.test(text) ? FINE : [not];
  return is.test(text) ? [tooLong(max)] : [tooLong(max), not];
}

/** Names of containers, volumes, namespaces. */
export function labelErrors(text: string): Reasons {
  return check(text, LABEL_MAX_BYTES, IS_LABEL, NOT_LABEL);
}

/** Names of most objects. */
export function subdomainErrors(text: string): Reasons {
  return check(text, SUBDOMAIN_MAX_BYTES, IS_SUBDOMAIN, NOT_SUBDOMAIN);
}

/** A name that may have a DNS prefix, `example.com/name`: keys of labels and annotations, resources. */
export function qualifiedNameErrors(text: string): Reasons {
  const parts = text.split('/');
  if (parts.length > 2) {
    const prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [`a qualified name ${NOT_QUALIFIED} ${prefix}`];
  }
  const reasons: string[] = [];
  const [first, second] = parts as [string, string | undefined];
  if (second !== undefined) {
    if (first === '') reasons.push('prefix part must be non-empty');
    else for (const reason of subdomainErrors(first)) reasons.push(`prefix part ${reason}`);
  }
  const name = second ?? first;
  if (name === '') reasons.push('name part must be non-empty');
  else if (name.length > LABEL_MAX_BYTES) reasons.push(`name part ${tooLong(LABEL_MAX_BYTES)}`);
  if (!IS_QUALIFIED.test(name)) reasons.push(`name part ${NOT_QUALIFIED}`);
  return reasons.length === 0 ? FINE : reasons;
}

export function labelValueErrors(text: string): Reasons {
  return check(text, LABEL_MAX_BYTES, IS_LABEL_VALUE, NOT_LABEL_VALUE);
}

export function envNameErrors(text: string): Reasons {
  if (IS_PRINTABLE.test(text)) return FINE;
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(text: string): Reasons {
  const reasons = [...check(text, SUBDOMAIN_MAX_BYTES, IS_CONFIG_KEY, NOT_CONFIG_KEY)];
  if (text === '.') reasons.push("must not be '.'");
  else if (text === '..') reasons.push("must not be '..'");
  else if (text.startsWith('..')) reasons.push("must not start with '..'");
  return reasons;
}

export function headerErrors(text: string): Reasons {
  return IS_HEADER.test(text) ? FINE : [NOT_HEADER];
}

/** Names of ports (IANA service names). */
export function portNameErrors(text: string): Reasons {
  const reasons: string[] = [];
  if (text.length > 15) reasons.push('must be no more than 15 bytes');
  if (!/^[-a-z0-9]+$/.test(text))
    reasons.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) reasons.push('must contain at least one letter (a-z)');
  if (text.includes('--')) reasons.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) reasons.push('must not begin or end with a hyphen');
  return reasons;
}

export function portNumberErrors(port: number): Reasons {
  return port >= 1 && port <= 65535 ? FINE : ['must be between 1 and 65535, inclusive'];
}
