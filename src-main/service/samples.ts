/** The bundled pictures, one click from a running fit. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { StudioError } from '#core/errors';

interface Sample {
  readonly id: string;
  readonly file: string;
  readonly title: string;
  readonly credit: string;
}

const CREDIT = 'Getty Open Content';
const SAMPLES: readonly Sample[] = [
  { id: 'nagasaki-boats', file: 'nagasaki-boats.jpg', title: 'Boats at Nagasaki', credit: `Felice Beato, about 1865. ${CREDIT}` },
  { id: 'allium-oreophilum', file: 'allium-oreophilum.jpg', title: 'Allium oreophilum', credit: `Karl Blossfeldt, 1928. ${CREDIT}` },
  { id: 'airplane-from-above', file: 'airplane-from-above.jpg', title: 'Airplane from above', credit: `Fedele Azari, 1914-1929. ${CREDIT}` },
];
const THUMBNAIL_PIXELS = 360;

export interface SampleCard {
  readonly id: string;
  readonly title: string;
  readonly credit: string;
  /** A small JPEG. */
  readonly thumbnail: Uint8Array;
}

const pathOf = (assetsDir: string, { file }: Sample): string => join(assetsDir, 'samples', file);

/** A sample's file. Throws StudioError 'usage' 'sample.unknown', 'failed' 'sample.missing'. */
export async function readSample(assetsDir: string, id: string): Promise<{ name: string; bytes: Uint8Array }> {
  const sample = SAMPLES.find((each) => each.id === id);
  if (!sample) throw new StudioError('usage', 'sample.unknown', `No sample "${id}". There are: ${SAMPLES.map((each) => each.id).join(', ')}.`);
  try {
    return { name: sample.file, bytes: await readFile(pathOf(assetsDir, sample)) };
  } catch (error) {
    throw new StudioError('failed', 'sample.missing', `${sample.file}: the sample is missing from this installation. Install the program again.`, { cause: error });
  }
}

/** Cards of all samples that are there; one that is missing from the installation is left out. */
export async function sampleCards(assetsDir: string): Promise<SampleCard[]> {
  const cards = await Promise.all(
    SAMPLES.map(async (sample): Promise<SampleCard | null> => {
      try {
        // Read first: an archive (asar) is open to Node's file system, not to sharp's.
        const bytes = await readFile(pathOf(assetsDir, sample));
        const thumbnail = await sharp(bytes).resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: 'inside' }).jpeg({ quality: 80 }).toBuffer();
        return { id: sample.id, title: sample.title, credit: sample.credit, thumbnail };
      } catch (error) {
        console.warn(`Sample ${sample.id} cannot be shown:`, error);
        return null;
      }
    }),
  );
  return cards.filter((card) => card !== null);
}
