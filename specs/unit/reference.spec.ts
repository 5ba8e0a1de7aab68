// The reference documentation is what the code says. `UPDATE_REFERENCE=1 npx jest specs/unit/reference` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { errorsReference, objectsReference, subjectsReference } from '../support/reference.ts';

const FOLDER = resolve(import.meta.dirname, '../../docs/reference');

test.each([
  ['subjects.md', subjectsReference],
  ['errors.md', errorsReference],
  ['objects.md', objectsReference],
])('%s is what the code says', (file, make) => {
  const path = join(FOLDER, file);
  if (process.env.UPDATE_REFERENCE === '1') writeFileSync(path, make());
  expect(readFileSync(path, 'utf8')).toBe(make());
});
