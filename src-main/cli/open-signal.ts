/** Inputs of the command line: a file of any kind that can be fitted, or a folder of slices. */
import { dirname, join } from 'node:path';
import { readFolder, readSignal, type Ingested } from '../service/ingest';
import type { RawDescription } from '../formats/volume/types';
import { about, filesInFolder, readFileNamed } from './files';

/** Which volume of a file is meant, and how raw voxels lie, as options say it. */
export interface InputOptions {
  readonly frame?: number;
  readonly shape?: readonly [number, number, number];
  readonly type?: RawDescription['type'];
  readonly endian?: RawDescription['endian'];
  readonly spacing?: readonly [number, number, number];
  readonly channels?: number;
  readonly skipBytes?: number;
}

function rawOf({ shape, type, endian, spacing, channels, skipBytes }: InputOptions): Partial<RawDescription> | undefined {
  const said = Object.entries({ shape, type, endian, spacing, channels, skipBytes }).filter(([, value]) => value !== undefined);
  return said.length > 0 ? Object.fromEntries(said) : undefined;
}

/** Reads an input: a file, or a folder of slices. Throws StudioError 'input' or 'usage' that names it. */
export async function openSignal(input: string, options: InputOptions = {}): Promise<Ingested> {
  return about(input, async () => {
    const raw = rawOf(options);
    const inside = await filesInFolder(input);
    if (inside) return readFolder(inside.map((name) => ({ name: join(input, name), read: () => readFileNamed(join(input, name)) })), input, options.frame === undefined ? {} : { frame: options.frame });
    const bytes = await readFileNamed(input);
    return readSignal(bytes, input, {
      // Readers let no name lead out of the folder.
      companion: (name) => readFileNamed(join(dirname(input), name)),
      ...(options.frame !== undefined && { frame: options.frame }),
      ...(raw && { raw }),
    });
  });
}
