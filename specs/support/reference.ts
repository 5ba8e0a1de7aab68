// Makes the reference documentation from the code: subjects and messages from the codecs, errors from their table.
import * as t from 'io-ts';
import { API_MESSAGES, MAIL_MESSAGES, type MessageRow, NODE_MESSAGES } from '../../actors/messages.ts';
import { HEADER } from '../../messaging/envelope.ts';
import { SUBJECTS } from '../../messaging/subjects.ts';
import { markdownOf } from '../../schemas/docs.ts';
import { ERRORS } from '../../schemas/errors.ts';
import { KINDS } from '../../schemas/kinds.ts';

const MADE =
  '<!-- Made from the code by specs/unit/reference.spec.ts; UPDATE_REFERENCE=1 writes it anew. -->\n';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

function bodyText(body: t.Any | string | undefined): string {
  if (body === undefined) return '`{ accepted }`';
  return typeof body === 'string' ? body : `[${body.name}](#${body.name.toLowerCase()})`;
}

function messages(rows: readonly MessageRow[]): string {
  return table(
    ['subject', 'from', 'body', 'answer', 'meaning'],
    rows.map((row) => [`\`${row.subject}\``, row.from, bodyText(row.body), bodyText(row.answer), row.about]),
  );
}

/** `docs/reference/subjects.md` */
export function subjectsReference(): string {
  const families = Object.entries(SUBJECTS).map(([name, { form, about }]) => [name, `\`${form}\``, about]);
  const headers = Object.entries(HEADER).map(([name, header]) => [`\`${header}\``, name]);
  const codecs = [...NODE_MESSAGES, ...MAIL_MESSAGES]
    .flatMap(({ body, answer }) => [body, answer])
    .filter((codec): codec is t.Any => codec instanceof t.Type);
  const shapes = [...new Set(codecs)].map((codec) => markdownOf(codec, { level: 3 }));
  const seen = new Set<string>();
  const once = shapes
    .flatMap((text) => text.split(/\n(?=### )/))
    .filter((section) => {
      const title = section.split('\n')[0]!;
      return seen.has(title) ? false : seen.add(title);
    });
  return [
    `${MADE}\n# Subjects and messages\n`,
    'Bodies are JSON. `_` stands for an empty namespace or name; a dot in a name is written `_`, any other character',
    'that NATS refuses `=XX`. An error is answered as a Kubernetes `Status` (see [errors](errors.md)) and in the headers',
    'of NATS micro services. A change is answered after it is stored.\n',
    `## Families\n\n${table(['family', 'subject', 'meaning'], families)}`,
    `## Headers\n\n${table(['header', 'name in code'], headers)}`,
    `## The public door\n\n${messages(API_MESSAGES)}`,
    `## To a node\n\n${messages(NODE_MESSAGES)}`,
    `## To an actor's mailbox\n\n${messages(MAIL_MESSAGES)}`,
    `## Shapes\n\n${once.map((section) => section.trim()).join('\n\n')}\n`,
  ].join('\n');
}

/** `docs/reference/errors.md` */
export function errorsReference(): string {
  const rows = Object.entries(ERRORS).map(([code, { reason, http, retry, about }]) => [
    `\`${code}\``,
    reason,
    String(http),
    retry ? 'yes' : '',
    about,
  ]);
  const intro =
    'Every error travels as a Kubernetes `Status`; its `details.troupeCode` is one of these codes.\n';
  return `${MADE}\n# Errors\n\n${intro}\n${table(['code', 'reason', 'HTTP', 'ask again', 'meaning'], rows)}`;
}

/** `docs/reference/objects.md` */
export function objectsReference(): string {
  const kinds = KINDS.map((kind) => `# ${kind.kind}\n\n${markdownOf(kind.codec)}`);
  return `${MADE}\n${kinds.map((text) => text.trim()).join('\n\n')}\n`;
}
