import {
  ERRORS,
  type ErrorCode,
  fromStatus,
  hasCode,
  isStatus,
  TroupeError,
} from '../../../schemas/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

test.each(CODES)('%s survives the wire', (code) => {
  const causes = [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.x' }];
  const error = new TroupeError(code, `it is ${code}`, { details: { name: 'web', kind: 'Pod', causes } });
  const wire = JSON.parse(JSON.stringify(error.toStatus()));
  expect(isStatus(wire)).toBe(true);
  expect(wire).toMatchObject({ status: 'Failure', reason: ERRORS[code].reason, code: ERRORS[code].http });
  const back = fromStatus(wire);
  expect(back).toMatchObject({ code, message: `it is ${code}`, retry: ERRORS[code].retry });
  expect(back.details).toMatchObject({ name: 'web', kind: 'Pod', causes });
  expect(hasCode(back, code)).toBe(true);
});

test('every code has a meaning of its own and a legal HTTP status', () => {
  const meanings = CODES.map((code) => ERRORS[code].about);
  expect(new Set(meanings).size).toBe(CODES.length);
  for (const code of CODES) {
    expect(ERRORS[code].http).toBeGreaterThanOrEqual(400);
    expect(ERRORS[code].http).toBeLessThan(600);
    expect(code).toMatch(/^[A-Z][A-Z_]+$/);
  }
});

test('a status of a foreign server is understood by its reason', () => {
  const status = { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Failure' } as const;
  expect(fromStatus({ ...status, reason: 'NotFound', message: 'no' }).code).toBe('NOT_FOUND');
  expect(fromStatus({ ...status, reason: 'Novel' }).code).toBe('INTERNAL');
});
