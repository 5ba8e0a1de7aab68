// Fetches a page by plain HTTP, from this machine straight to the pod's address; no proxy is asked.
import { get } from 'node:http';
import type { Clock } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';

const ANSWER_MS = 3_000;
/** A container runs a moment before its server listens. */
const LISTENS_MS = 10_000;
const RETRY_MS = 30;
const LARGEST_BYTES = 1024 * 1024;

export interface Page {
  readonly status: number;
  readonly server: string;
  readonly body: string;
}

/** Errors: `UNAVAILABLE` when nothing answers within some seconds. */
export async function fetchPage(url: string, clock: Clock, signal: AbortSignal): Promise<Page> {
  const until = clock.monotonic() + LISTENS_MS;
  for (;;) {
    try {
      return await once(url);
    } catch (cause) {
      if (signal.aborted || clock.monotonic() >= until) {
        throw new TroupeError('UNAVAILABLE', `${url} does not answer: ${(cause as Error).message}`, {
          cause,
        });
      }
    }
    await clock.sleep(RETRY_MS, signal);
  }
}

function once(url: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: ANSWER_MS, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > LARGEST_BYTES) request.destroy(new Error('the page does not end'));
      });
      answer.once('error', reject);
      answer.once('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          server: String(answer.headers.server ?? 'a server'),
          body,
        });
      });
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
}

/** The page's title, or its first words. */
export function titleOf({ body }: Page): string {
  const title = /<title>([^<]*)<\/title>/i.exec(body)?.[1];
  return (title ?? body).trim().replace(/\s+/g, ' ').slice(0, 80);
}
