// The single values objects are made of: text, integers, flags, times, quantities, one-of-these words. Each
// says in Kubernetes' wording what it expected. Ranges and formats of particular fields are rules, not types.
import { parseQuantity } from './quantity.ts';
import { ScalarShape } from './shape.ts';

export const text = new ScalarShape<string>({
  name: 'string',
  type: 'string',
  zero: '',
  read: (value, path, findings) => {
    if (typeof value === 'string') return value;
    findings.wrongType(path, value, 'must be a string');
    return '';
  },
});

/** A required string for which the empty string is a value, not an omission. */
export const anyText = new ScalarShape<string>({
  name: 'string',
  type: 'string',
  format: 'may-be-empty',
  zero: '',
  read: text.read,
});

export const flag = new ScalarShape<boolean>({
  name: 'boolean',
  type: 'boolean',
  zero: false,
  read: (value, path, findings) => {
    if (typeof value === 'boolean') return value;
    findings.wrongType(path, value, 'must be a boolean');
    return false;
  },
});

export const int32 = integerShape('int32', -(2 ** 31), 2 ** 31 - 1);
export const int64 = integerShape('int64', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

function integerShape(format: string, min: number, max: number): ScalarShape<number> {
  return new ScalarShape<number>({
    name: 'integer',
    type: 'integer',
    format,
    zero: 0,
    read: (value, path, findings) => {
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        findings.wrongType(path, value, 'must be an integer');
      } else if (value < min || value > max) {
        findings.wrongType(path, value, `must be an integer between ${min} and ${max}`);
      } else return value;
      return 0;
    },
  });
}

/** A port by number or by name. */
export const intOrString = new ScalarShape<number | string>({
  name: 'int-or-string',
  type: 'int-or-string',
  format: 'int-or-string',
  zero: '',
  read: (value, path, findings) => {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
    findings.wrongType(path, value, 'must be an integer or a string');
    return '';
  },
});

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** A moment, RFC 3339. */
export const time = new ScalarShape<string>({
  name: 'Time',
  type: 'string',
  format: 'date-time',
  zero: '',
  read: (value, path, findings) => {
    if (typeof value === 'string' && RFC3339.test(value)) return value;
    findings.wrongType(path, value, 'must be a time in RFC 3339 form, as 2006-01-02T15:04:05Z');
    return '';
  },
});

/** An amount such as `500m` or `64Mi`; a bare number is taken too. Stored in canonical form. */
export const quantity = new ScalarShape<string>({
  name: 'Quantity',
  type: 'string',
  format: 'quantity',
  zero: '0',
  read: (value, path, findings) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      findings.wrongType(path, value, 'must be a quantity');
      return '0';
    }
    const parsed = parseQuantity(String(value));
    if (parsed.ok) return parsed.canonical;
    findings.wrongType(path, value, parsed.message);
    return '0';
  },
});

/** One of these words, and no other. */
export function choice<W extends string>(...words: readonly W[]): ScalarShape<W> {
  return new ScalarShape<W>({
    name: words.map((word) => `"${word}"`).join(' | '),
    type: 'string',
    values: words,
    zero: words[0]!,
    read: (value, path, findings) => {
      if (typeof value !== 'string') findings.wrongType(path, value, 'must be a string');
      else if (words.includes(value as W)) return value as W;
      else if (value !== '') findings.unsupported(path, value, words);
      return value as W;
    },
  });
}

/** A value of any shape; for fields whose content is not ours to judge. */
export const anything = new ScalarShape<unknown>({
  name: 'any',
  type: 'any',
  zero: undefined,
  read: (value) => value,
});
