import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { GridSignal } from '#core/signal/signal';
import { PLAIN_GEOMETRY, volumeSignal } from '#core/signal/volume';
import { compareWith } from './codec-choice';

const picture: GridSignal = { kind: 'grid', size: [16, 12], channels: 1, type: 'uint8', samples: Uint8Array.from({ length: 192 }, (_, i) => (i * 7) % 251), metadata: { colorSpace: 'srgb', alpha: false } };
const volume = volumeSignal(Uint8Array.from({ length: 60 }, (_, i) => i), { size: [5, 4, 3], channels: 1, voxelType: 'uint8', geometry: PLAIN_GEOMETRY });
/** No program is found there. */
const path = join(tmpdir(), 'no-such-folder-of-programs');
const codecs = ['zfp', 'webp', 'sz3', 'jpeg'];

it('asks the codecs of pictures about a picture, in the order wanted', async () => {
  const rows = await compareWith(picture, { bytes: 1000, psnr: null, codecs, path });
  expect(rows.map(({ codec }) => codec)).toEqual(['webp', 'jpeg']);
  for (const { atBytes } of rows) expect(atBytes!.bytes).toBeLessThanOrEqual(1000);
});

it('asks those of volumes about a volume, and says what is missing', async () => {
  const rows = await compareWith(volume, { bytes: 100, psnr: 30, codecs, path });
  expect(rows).toMatchObject([{ codec: 'zfp', version: '', atBytes: null, atPsnr: null }, { codec: 'sz3', version: '' }]);
  expect(rows[0]!.note).toMatch(/not installed .*apt-get install zfp/);
});
