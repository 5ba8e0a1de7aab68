// A description under way: indented lines with tabs between their columns, aligned when all is said.

import { printable } from '../print/table.ts';
import { alignTabs, DESCRIBE_TABS } from '../print/tabs.ts';
import { longTime } from '../print/time.ts';

export interface Setting {
  readonly nowMs: number;
  readonly zoneMinutes: (ms: number) => number;
}

export class Page {
  readonly setting: Setting;
  readonly #lines: string[] = [];

  constructor(setting: Setting) {
    this.setting = setting;
  }

  /** A line, indented by two spaces a level; cells are separated by tabs. */
  line(level: number, text: string): void {
    this.#lines.push('  '.repeat(level) + printable(text));
  }

  /** `Name:   value`. */
  field(level: number, name: string, value: unknown): void {
    this.line(level, `${name}:\t${value}`);
  }

  /** A moment as kubectl describes it. */
  time(time: string | undefined): string {
    return longTime(time, this.setting.zoneMinutes);
  }

  /** Labels or what looks like them: one a line below each other, `<none>` for none. */
  map(name: string, map: Readonly<Record<string, string>> | undefined, between = '='): void {
    const pairs = Object.entries(map ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
    this.list(
      name,
      pairs.map(([key, value]) => `${key}${between}${value}`),
    );
  }

  list(name: string, values: readonly string[]): void {
    const [first = '<none>', ...more] = values;
    this.field(0, name, first);
    for (const value of more) this.line(0, `\t${value}`);
  }

  /** Annotations: long or many-lined values stand below their key. */
  annotations(map: Readonly<Record<string, string>> | undefined): void {
    const shown = Object.entries(map ?? {})
      .filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration')
      .sort(([left], [right]) => (left < right ? -1 : 1));
    if (shown.length === 0) this.field(0, 'Annotations', '<none>');
    for (const [index, [key, value]] of shown.entries()) {
      const head = index === 0 ? 'Annotations:' : '';
      const text = value.replace(/\n$/, '');
      if (text.length + key.length + 2 <= MAX_ANNOTATION && !text.includes('\n')) {
        this.line(0, `${head}\t${key}: ${text}`);
        continue;
      }
      this.line(0, `${head}\t${key}:`);
      for (const line of text.split('\n')) this.line(0, `\t  ${shorten(line)}`);
    }
  }

  toString(): string {
    return `${alignTabs(this.#lines.join('\n'), DESCRIBE_TABS)}\n`;
  }
}

/** kubectl's bound on annotations in one line. */
const MAX_ANNOTATION = 140;

function shorten(text: string): string {
  return text.length <= MAX_ANNOTATION - 2 ? text : `${text.slice(0, MAX_ANNOTATION - 2)}...`;
}
