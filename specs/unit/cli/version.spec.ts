import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../../schemas/version.ts';

test('the version is that of the package', () => {
  const text = readFileSync(join(__dirname, '../../../package.json'), 'utf8');
  expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
});
