// What is refused before it leaves the process.
import { checkSubject } from '../../../messaging/checks.ts';

test('a subject that would end the connection is refused', () => {
  expect(() => checkSubject(`a.${'b'.repeat(2_046)}`)).not.toThrow();
  expect(() => checkSubject(`a.${'b'.repeat(2_047)}`)).toThrow('a subject of 2049 characters is longer');
});
