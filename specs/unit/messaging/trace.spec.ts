import { ManualClock } from '../../../messaging/memory/index.ts';
import { jsonTrace, silentTrace } from '../../../messaging/system/index.ts';

test('writes one line of JSON each, with its fields, from the level on', () => {
  let written = '';
  const sink = { write: (more: string) => (written += more) };
  const trace = jsonTrace({ sink, clock: new ManualClock(0), level: 'info' }).with({ host: 'h1' });
  trace.log('debug', 'left out');
  trace.log('warn', 'two\nlines', { error: new TypeError('bad'), size: 1n });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  trace.log('error', 'still written', { circular });
  silentTrace.with({ a: 1 }).log('error', 'never');
  expect(written).toBe(
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"two\\nlines","host":"h1",' +
      '"error":"TypeError: bad","size":"1"}\n' +
      '{"time":"1970-01-01T00:00:00.000Z","level":"error","message":"still written"}\n',
  );
});
