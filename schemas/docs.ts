// Reference tables made from codecs: one Markdown section for each struct, one row a field.
import type * as t from 'io-ts';
import { type Description, describe } from './describe.ts';

/** Markdown for a codec and every struct inside it, each once, in the order they are met. */
export function markdownOf(codec: t.Any, options: { level?: number } = {}): string {
  const heading = '#'.repeat(options.level ?? 2);
  const sections: string[] = [];
  const seen = new Set<string>();
  const waiting = [describe(codec)];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.fields === undefined) {
      waiting.unshift(...nested(next));
      continue;
    }
    if (seen.has(next.name)) continue;
    seen.add(next.name);
    sections.push(section(next, heading));
    waiting.push(...Object.values(next.fields));
  }
  return sections.join('\n');
}

function nested(description: Description): Description[] {
  return [...(description.items ? [description.items] : []), ...(description.anyOf ?? [])];
}

function section(description: Description, heading: string): string {
  const rows = Object.entries(description.fields ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => row(name, field, description.required?.includes(name) ?? false));
  const intro = description.description ? `${description.description}\n\n` : '';
  const head = '| field | type | required | meaning |\n| --- | --- | --- | --- |\n';
  return `${heading} ${description.name}\n\n${intro}${head}${rows.join('')}`;
}

function row(name: string, field: Description, required: boolean): string {
  const fallback = field.default === undefined ? '' : ` Default: \`${String(field.default)}\`.`;
  const meaning = `${field.description ?? ''}${fallback}`.trim();
  const cells = [`\`${name}\``, typeText(field), required ? 'yes' : '', meaning];
  return `| ${cells.map(cell).join(' | ')} |\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function typeText(field: Description): string {
  if (field.enum !== undefined) return field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (field.type === 'array') return `list of ${typeText(field.items!)}`;
  if (field.type === 'map') return field.items ? `map of ${typeText(field.items)}` : 'map';
  if (field.type === 'union') return (field.anyOf ?? []).map(typeText).join(' or ');
  if (field.type === 'object') return field.name;
  return field.format && field.format !== field.type ? `${field.type} (${field.format})` : field.type;
}
