// Times and durations as kubectl shows them. Formatting only: what time it is comes from a Clock.
import { parseTimestamp } from '../../schemas/time.ts';

const SECOND = 1_000;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const YEAR = 365 * DAY;

/** `5s`, `2m10s`, `3h`, `2d`: two units while the first is small. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return two(seconds, MINUTE, 'm', 1, 's');
  if (seconds < 3 * HOUR) return one(seconds, MINUTE, 'm');
  if (seconds < 8 * HOUR) return two(seconds, HOUR, 'h', MINUTE, 'm');
  if (seconds < 2 * DAY) return one(seconds, HOUR, 'h');
  if (seconds < 8 * DAY) return two(seconds, DAY, 'd', HOUR, 'h');
  if (seconds < 2 * YEAR) return one(seconds, DAY, 'd');
  if (seconds < 8 * YEAR) return two(seconds, YEAR, 'y', DAY, 'd');
  return one(seconds, YEAR, 'y');
}

function one(seconds: number, unit: number, name: string): string {
  return `${Math.floor(seconds / unit)}${name}`;
}

function two(seconds: number, unit: number, name: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % unit) / small);
  return rest === 0 ? one(seconds, unit, name) : `${one(seconds, unit, name)}${rest}${smallName}`;
}

/** How long ago an RFC 3339 time was; `<unknown>` for none. */
export function ageOf(time: string | undefined, nowMs: number): string {
  const ms = time === undefined ? undefined : parseTimestamp(time);
  return ms === undefined ? '<unknown>' : humanDuration(nowMs - ms);
}

/** `Thu, 01 Jan 2026 01:00:00 +0100`, as RFC 1123 with a numeric zone. */
export function longTime(time: string | undefined, zoneMinutes: (ms: number) => number): string {
  const ms = time === undefined ? undefined : parseTimestamp(time);
  if (ms === undefined) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const zone = zoneMinutes(ms);
  const text = new Date(ms + zone * MINUTE * SECOND).toUTCString().slice(0, -4);
  const away = Math.abs(zone);
  const digits = (number: number) => String(number).padStart(2, '0');
  return `${text} ${zone < 0 ? '-' : '+'}${digits(Math.floor(away / 60))}${digits(away % 60)}`;
}

/** `250ms`, `5s`, `1m`, `1h30m`, `30` (seconds) as milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * SECOND;
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}
