// Keeps built images on disk under a key that names everything they were made from, so that the second run
// builds nothing. A stored image is only believed after its digests have been checked. Several processes
// may use one store.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, imageOf, isWhole } from './image.ts';

/** The image kept under `key`, or undefined when there is none or it is damaged. */
export async function storedImage(directory: string, key: string): Promise<Image | undefined> {
  try {
    const layer = await readFile(join(directory, key, 'layer'));
    const image = imageOf(layer, await readFile(join(directory, key, 'config')));
    return (await isWhole(image)) ? image : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps `image` under `key`. Written aside and then renamed, so that a half-written image is never seen. */
export async function storeImage(directory: string, key: string, image: Image): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const aside = await mkdtemp(join(directory, `${key}.`));
  try {
    await writeFile(join(aside, 'layer'), image.layer, { mode: 0o600 });
    await writeFile(join(aside, 'config'), image.config, { mode: 0o600 });
    await rm(join(directory, key), { recursive: true, force: true });
    await rename(aside, join(directory, key));
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Somebody else stored the same image in the meantime: theirs is as good.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}
