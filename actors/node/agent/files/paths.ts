// Which paths the Files port takes: relative, with plain names between slashes, so that none leads out of the root.
import { TroupeError } from '../../../../schemas/errors.ts';

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** Returns the path when it stays below the root; throws BAD_REQUEST otherwise. */
export function checkPath(path: string): string {
  if (path.split('/').every((name) => NAME.test(name))) return path;
  throw new TroupeError('BAD_REQUEST', `${JSON.stringify(path)} is not a path below the agent's directory`);
}
