// Finds what is interested in a subject: patterns with `*` and a trailing `>` live in a tree of tokens, and the
// answer for a subject is remembered until the next change. It knows nothing of messages.

interface Branch<T> {
  readonly children: Map<string, Branch<T>>;
  /** Values whose pattern ends exactly here. */
  readonly here: Set<T>;
  /** Values whose pattern ends here with `>`. */
  readonly rest: Set<T>;
}

/** Answers remembered; beyond it all are forgotten, since subjects of replies come only once. */
const MAX_REMEMBERED = 20_000;

const NONE: readonly never[] = [];

export class SubjectTree<T> {
  readonly #root: Branch<T> = branch();
  readonly #remembered = new Map<string, readonly T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a value; the answer removes it again and is harmless to call twice. */
  add(pattern: string, value: T): () => void {
    const tokens = pattern.split('.');
    const open = tokens.at(-1) === '>';
    if (open) tokens.pop();
    const path = [this.#root];
    for (const token of tokens) {
      const at = path.at(-1)!;
      const next = at.children.get(token) ?? branch<T>();
      at.children.set(token, next);
      path.push(next);
    }
    const end = path.at(-1)!;
    const values = open ? end.rest : end.here;
    values.add(value);
    this.#size += 1;
    this.#remembered.clear();
    return () => {
      if (!values.delete(value)) return;
      this.#size -= 1;
      this.#remembered.clear();
      prune(path, tokens);
    };
  }

  /** Everything whose pattern matches, in the order of adding within one pattern. */
  match(subject: string): readonly T[] {
    const known = this.#remembered.get(subject);
    if (known) return known;
    const found = this.matchOnce(subject);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(subject, found);
    return found;
  }

  /** The same without remembering, for subjects that come only once. */
  matchOnce(subject: string): readonly T[] {
    if (this.#size === 0) return NONE;
    const found: T[] = [];
    collect(this.#root, subject.split('.'), 0, found);
    return found.length === 0 ? NONE : found;
  }
}

/** True when `pattern` covers `subject`. */
export function covers(pattern: string, subject: string): boolean {
  if (pattern === '>' || pattern === subject) return true;
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (let index = 0; index < wanted.length; index += 1) {
    const token = wanted[index];
    if (token === '>' && index === wanted.length - 1) return given.length > index;
    if (index >= given.length || (token !== '*' && token !== given[index])) return false;
  }
  return wanted.length === given.length;
}

function branch<T>(): Branch<T> {
  return { children: new Map(), here: new Set(), rest: new Set() };
}

function collect<T>(at: Branch<T>, tokens: string[], depth: number, found: T[]): void {
  if (depth === tokens.length) {
    for (const value of at.here) found.push(value);
    return;
  }
  for (const value of at.rest) found.push(value);
  const exact = at.children.get(tokens[depth]!);
  if (exact) collect(exact, tokens, depth + 1, found);
  const any = tokens[depth] === '*' ? undefined : at.children.get('*');
  if (any) collect(any, tokens, depth + 1, found);
}

function prune<T>(path: readonly Branch<T>[], tokens: readonly string[]): void {
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const at = path[depth]!;
    if (at.children.size > 0 || at.here.size > 0 || at.rest.size > 0) return;
    path[depth - 1]!.children.delete(tokens[depth - 1]!);
  }
}
