// What a bench yields: named figures, each with a baseline measured in the same run. Printed one to a line, separated
// by tabs: name, value, unit, baseline, ratio.

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same work done by the raw part underneath, in the same run and unit. */
  readonly baseline?: number;
}

export function lineOf({ name, value, unit, baseline }: Figure): string {
  const ratio = baseline ? rounded(value / baseline) : '';
  return [name, rounded(value), unit, baseline === undefined ? '' : rounded(baseline), ratio].join('\t');
}

/** Three significant digits, without an exponent. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** The value below which `share` of the samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
