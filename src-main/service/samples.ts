/** The samples, one click from a running fit: photographs that come with the program, and what it makes itself. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { StudioError } from '#core/errors';

interface Sample {
  readonly id: string;
  readonly kind: 'grid' | 'volume' | 'surface';
  readonly title: string;
  readonly credit: string;
  /** Name and bytes of the file that is opened. */
  file(assetsDir: string): Promise<{ readonly name: string; readonly bytes: Uint8Array }>;
  /** What its small picture is made of. */
  picture(assetsDir: string): Promise<Sharp>;
}

/** A photograph of the installation. */
function photograph(id: string, title: string, credit: string): Sample {
  const name = `${id}.jpg`;
  // Read first: an archive (asar) is open to Node's file system, not to sharp's.
  const read = (assetsDir: string): Promise<Uint8Array> => readFile(join(assetsDir, 'samples', name));
  return { id, kind: 'grid', title, credit: `${credit}. Getty Open Content`, file: async (assetsDir) => ({ name, bytes: await read(assetsDir) }), picture: async (assetsDir) => sharp(await read(assetsDir)) };
}

const NAUTILUS_PIXELS = 200;
const TREFOIL_PIXELS = 300;
/** Behind what is clear. */
const GROUND = { r: 24, g: 26, b: 32 };

const SAMPLES: readonly Sample[] = [
  photograph('nagasaki-boats', 'Boats at Nagasaki', 'Felice Beato, about 1865'),
  photograph('allium-oreophilum', 'Allium oreophilum', 'Karl Blossfeldt, 1928'),
  photograph('airplane-from-above', 'Airplane from above', 'Fedele Azari, 1914-1929'),
  {
    id: 'nautilus',
    kind: 'volume',
    title: 'Nautilus',
    credit: 'A scan that never was: made by this program',
    file: async () => ({ name: 'nautilus.nrrd', bytes: await (await import('./nautilus')).nautilusFile() }),
    picture: async () => sharp((await import('./nautilus')).nautilusPicture(NAUTILUS_PIXELS), { raw: { width: NAUTILUS_PIXELS, height: NAUTILUS_PIXELS, channels: 3 } }),
  },
  {
    id: 'trefoil',
    kind: 'surface',
    title: 'Trefoil',
    credit: 'A knot that nobody tied: made by this program',
    file: async () => ({ name: 'trefoil.ply', bytes: await (await import('./trefoil')).trefoilFile() }),
    picture: async () => {
      const { data, width, height } = await (await import('./trefoil')).trefoilPicture(TREFOIL_PIXELS);
      return sharp(new Uint8Array(data.buffer), { raw: { width, height, channels: 4 } }).flatten({ background: GROUND });
    },
  },
];
const THUMBNAIL_PIXELS = 360;

export interface SampleCard {
  readonly id: string;
  readonly kind: Sample['kind'];
  readonly title: string;
  readonly credit: string;
  /** A small JPEG. */
  readonly thumbnail: Uint8Array;
}

/** A sample's file. Throws StudioError 'usage' 'sample.unknown', 'failed' 'sample.missing'. */
export async function readSample(assetsDir: string, id: string): Promise<{ name: string; bytes: Uint8Array }> {
  const sample = SAMPLES.find((each) => each.id === id);
  if (!sample) throw new StudioError('usage', 'sample.unknown', `No sample "${id}". There are: ${SAMPLES.map((each) => each.id).join(', ')}.`);
  try {
    return await sample.file(assetsDir);
  } catch (error) {
    throw new StudioError('failed', 'sample.missing', `${sample.title}: the sample is missing from this installation. Install the program again.`, { cause: error });
  }
}

/** Cards of all samples that are there; one that is missing from the installation is left out. */
export async function sampleCards(assetsDir: string): Promise<SampleCard[]> {
  const cards = await Promise.all(
    SAMPLES.map(async (sample): Promise<SampleCard | null> => {
      try {
        const picture = await sample.picture(assetsDir);
        const thumbnail = await picture.resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: 'inside' }).jpeg({ quality: 80 }).toBuffer();
        return { id: sample.id, kind: sample.kind, title: sample.title, credit: sample.credit, thumbnail };
      } catch (error) {
        console.warn(`Sample ${sample.id} cannot be shown:`, error);
        return null;
      }
    }),
  );
  return cards.filter((card) => card !== null);
}
