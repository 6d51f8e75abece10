import sharp from 'sharp';

const SAMPLE = 'assets/samples/nagasaki-boats.jpg';

/** The photograph of the figures: the middle of a bundled sample, 512 square, reduced to 256 x 256. */
export async function photograph(): Promise<{ png: Buffer; samples: Uint8Array }> {
  const picture = sharp(SAMPLE).extract({ left: 256, top: 200, width: 512, height: 512 }).resize(256, 256, { kernel: 'lanczos3' }).removeAlpha();
  return { png: await picture.clone().png().toBuffer(), samples: new Uint8Array(await picture.clone().raw().toBuffer()) };
}
