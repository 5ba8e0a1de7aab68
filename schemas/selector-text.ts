// Reads the text of a label selector into requirements. The grammar and the error texts are those of
// Kubernetes. It knows the syntax only; whether keys and values are legal is checked in selector.ts.
import type { Requirement, SelectorOperator } from './selector.ts';

const SYMBOLS = ['==', '!=', '=', '!', '(', ')', ',', '>', '<'] as const;
const SPECIAL = /[=!(),<>\s]/;
const BINARY = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'];

interface Token {
  readonly type: 'word' | 'symbol' | 'end';
  readonly text: string;
}

class SyntaxFault extends Error {}

/** The requirements, or the reason why the text cannot be read. */
export function parseRequirements(text: string): Requirement[] | string {
  try {
    return new SelectorText(tokensOf(text)).requirements();
  } catch (fault) {
    if (fault instanceof SyntaxFault) return fault.message;
    throw fault;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at += 1;
      continue;
    }
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
    if (symbol !== undefined) {
      tokens.push({ type: 'symbol', text: symbol });
      at += symbol.length;
      continue;
    }
    const start = at;
    while (at < text.length && !SPECIAL.test(text[at]!)) at += 1;
    tokens.push({ type: 'word', text: text.slice(start, at) });
  }
  return tokens;
}

const END: Token = { type: 'end', text: '' };

class SelectorText {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    if (this.peek().type === 'end') return found;
    for (;;) {
      const first = this.peek();
      if (first.type !== 'word' && first.text !== '!') {
        this.expected(first, "identifier or 'end of string'", ', ');
      }
      found.push(this.requirement());
      const after = this.next();
      if (after.type === 'end') return found;
      if (after.text !== ',') this.expected(after, "',' or 'end of string'", ', ');
      const following = this.peek();
      if (following.type !== 'word' && following.text !== '!') {
        this.expected(following, "identifier after ','", ', ');
      }
    }
  }

  private requirement(): Requirement {
    const absent = this.peek().text === '!' && this.peek().type === 'symbol';
    if (absent) this.next();
    const key = this.next();
    if (key.type !== 'word') this.expected(key, 'identifier', ', ');
    const following = this.peek();
    if (absent || following.type === 'end' || following.text === ',') {
      return { key: key.text, operator: absent ? '!' : 'exists', values: [] };
    }
    const operator = this.operator();
    const values = operator === 'in' || operator === 'notin' ? this.set() : [this.exact()];
    return { key: key.text, operator, values };
  }

  private operator(): SelectorOperator {
    const token = this.next();
    if (token.text === '>') return 'gt';
    if (token.text === '<') return 'lt';
    if (token.text === 'in' || token.text === 'notin') return token.text;
    if (token.text === '=' || token.text === '==' || token.text === '!=') return token.text;
    return this.expected(token, BINARY.join(', '), ', ');
  }

  /** `(a,b)`; an empty place in it is the empty value. */
  private set(): string[] {
    const open = this.next();
    if (open.text !== '(') this.expected(open, "'('", ' ');
    if (this.peek().text === ')') {
      this.next();
      return [];
    }
    const values = [this.member()];
    for (;;) {
      const token = this.next();
      if (token.text === ')') return [...new Set(values)];
      if (token.text !== ',') this.expected(token, "',' or ')'", ', ');
      values.push(this.member());
    }
  }

  private member(): string {
    const token = this.peek();
    if (token.text === ',' || token.text === ')') return '';
    if (token.type !== 'word') this.expected(token, "',', ')' or identifier", ', ');
    return this.next().text;
  }

  private exact(): string {
    const token = this.peek();
    if (token.type === 'end' || token.text === ',') return '';
    if (token.type !== 'word') this.expected(token, 'identifier', ', ');
    return this.next().text;
  }

  private peek(): Token {
    return this.tokens[this.at] ?? END;
  }

  private next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }

  private expected(token: Token, what: string, separator: ', ' | ' '): never {
    throw new SyntaxFault(`found '${token.text}'${separator}expected: ${what}`);
  }
}
