// Tables as `get` prints them. A table remembers the widths of its columns, so that rows printed later, while
// watching, stand below those before.
import type { KubeObject } from '../../schemas/object.ts';
import type { Column } from './columns.ts';
import { lengthOf, TABLE_TABS } from './tabs.ts';

export interface TableOptions {
  readonly columns: readonly Column[];
  readonly withNamespace?: boolean;
  readonly showLabels?: boolean;
  readonly noHeaders?: boolean;
  /** Put before each name: `pod/`. */
  readonly prefix?: string;
}

export class Table {
  readonly #options: TableOptions;
  readonly #widths: number[] = [];
  #headed: boolean;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#headed = options.noHeaders === true;
  }

  /** The lines of these objects, and the header the first time. */
  rows(objects: readonly KubeObject[], nowMs: number): string {
    const lines = objects.map((object) => this.#cells(object, nowMs));
    if (!this.#headed) lines.unshift(this.#headers());
    this.#headed = true;
    for (const cells of lines) {
      for (const [column, cell] of cells.slice(0, -1).entries()) {
        const width = Math.max(TABLE_TABS.least, lengthOf(cell) + TABLE_TABS.padding);
        this.#widths[column] = Math.max(this.#widths[column] ?? 0, width);
      }
    }
    return lines.map((cells) => `${this.#line(cells)}\n`).join('');
  }

  #headers(): string[] {
    const { columns, withNamespace, showLabels } = this.#options;
    const headers = columns.map(({ header }) => header);
    return [...(withNamespace ? ['NAMESPACE'] : []), ...headers, ...(showLabels ? ['LABELS'] : [])];
  }

  #cells(object: KubeObject, nowMs: number): string[] {
    const { columns, withNamespace, showLabels, prefix = '' } = this.#options;
    const cells = columns.map(({ cell, header }) => {
      const text = oneLine(cell(object, nowMs));
      return header === 'NAME' ? prefix + text : text;
    });
    const { namespace = '', labels } = object.metadata;
    return [...(withNamespace ? [namespace] : []), ...cells, ...(showLabels ? [labelsText(labels)] : [])];
  }

  #line(cells: readonly string[]): string {
    return cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + ' '.repeat(this.#widths[column]! - lengthOf(cell)),
      )
      .join('');
  }
}

/** `a=1,b=2`, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined, between = ','): string {
  const pairs = Object.entries(labels ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? pairs.join(between) : '<none>';
}

/** A line break or an escape sequence in somebody's text must not break the table or the terminal. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, (character) => (character === '\n' ? '\\n' : ' '));
}

/** Control characters but tab and line feed shown as `^[`, as kubectl does. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.charCodeAt(0);
    return code === 0x7f ? '^?' : code < 0x20 ? `^${String.fromCharCode(code + 64)}` : '';
  });
}
