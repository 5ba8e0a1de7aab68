import { compareVersions, featuresOf } from '../../../messaging/nats/index.ts';

describe('features by server version', () => {
  test.each([
    ['2.9.10', [false, false, false]],
    ['2.10.27', [true, false, false]],
    ['2.11.0-RC.1', [true, true, false]],
    ['2.15.1', [true, true, true]],
  ])('%s', (version, [metadata, ttl, atomicBatch]) => {
    expect(featuresOf(version)).toMatchObject({ version, directGet: true, metadata, ttl, atomicBatch });
  });

  test('refuses a server that is too old', () => {
    expect(() => featuresOf('2.8.4')).toThrow(expect.objectContaining({ code: 'SETUP' }));
  });

  test('compares numbers, not texts', () => {
    expect(compareVersions('2.10.0', '2.9.10')).toBeGreaterThan(0);
    expect(compareVersions('v2.9.10', '2.9.10')).toBe(0);
    expect(compareVersions('2.9.9', '2.9.10')).toBeLessThan(0);
  });
});
