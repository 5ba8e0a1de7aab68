// Whether this process can listen: on a port of loopback, and on a socket in the cluster's directory by its
// length.
import { createServer } from 'node:net';
import { placeOf } from '../up/place.ts';
import { type Check, missing, ok } from './check.ts';

/** With the byte that ends it. */
const LONGEST_SOCKET = 108;

export async function socketCheck(directory: string): Promise<Check> {
  const socket = `${placeOf(directory).node}/containerd/containerd.sock.ttrpc`;
  const over = Buffer.byteLength(socket) + 1 - LONGEST_SOCKET;
  if (over > 0) {
    return missing('sockets', `${directory} is too long by ${over} bytes`, 'choose a shorter --directory');
  }
  const problem = await listenProblem();
  if (problem !== undefined) return missing('sockets', problem, 'free some ports on 127.0.0.1');
  return ok('sockets', 'a port on 127.0.0.1 is free, and paths are short enough');
}

function listenProblem(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
