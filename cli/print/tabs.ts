// Text in columns, by the rules of Go's text/tabwriter, which kubectl prints with: a tab ends a cell, and
// neighbouring lines that have a cell in a column share that column's width. What stands after the last tab
// of a line is in no column.

export interface TabOptions {
  /** Least width of a column, padding included. */
  readonly least: number;
  /** Spaces between the longest text of a column and the next column. */
  readonly padding: number;
}

/** kubectl's tables. */
export const TABLE_TABS: TabOptions = { least: 6, padding: 3 };
/** kubectl's descriptions. */
export const DESCRIBE_TABS: TabOptions = { least: 0, padding: 2 };

/** Aligns a text. */
export function alignTabs(text: string, options: TabOptions): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = lines.map((cells) => new Array<number>(Math.max(0, cells.length - 1)).fill(0));
  measure(lines, widths, 0, lines.length, 0, options);
  return lines
    .map((cells, row) => cells.map((cell, column) => pad(cell, widths[row]![column])).join(''))
    .join('\n');
}

/**
 * Sets the widths of `column` for each run of lines that have a cell there, and of the columns within that
 * run.
 */
function measure(
  lines: string[][],
  widths: number[][],
  from: number,
  to: number,
  column: number,
  options: TabOptions,
): void {
  for (let row = from; row < to; row += 1) {
    if (column >= lines[row]!.length - 1) continue;
    const first = row;
    let width = options.least;
    for (; row < to && column < lines[row]!.length - 1; row += 1) {
      const length = lengthOf(lines[row]![column]!);
      width = Math.max(width, length + options.padding);
    }
    for (let line = first; line < row; line += 1) widths[line]![column] = width;
    measure(lines, widths, first, row, column + 1, options);
    row -= 1;
  }
}

/** Code points, as tabwriter counts them. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

function pad(cell: string, width: number | undefined): string {
  return width === undefined ? cell : cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}
