/**
 * What a fit on the GPU shows of itself while it runs. A picture is written by the trainer into a texture that the stage shows without a copy;
 * volumes and surfaces come back as samples of a reduced grid, at the pace that the window can afford, surfaces with the parameters of the network,
 * which the stage traces itself.
 */
import { reducedSize } from '#core/signal/signal';
import type { Field } from '#core/field/field';
import { modelParameters, type Trainer } from '#engine/engine';
import { previewBytes } from '#engine/preview';
import type { Turns } from '#engine/turns';
import { isPresentingTrainer } from '#engine/webgpu/present';
import type { Original } from './original';
import { PreviewPace } from './preview-pace';
import { shownSamples, type Shown } from './shown';

export interface LiveView {
  present(): Promise<void>;
  /** The fit is over: nothing more is shown, and what is shown stays. */
  end(): void;
  /** Frees what the last preview needed. */
  free(): void;
}

/** What a live view is made of. */
export interface LiveSource {
  readonly original: Original;
  readonly device: GPUDevice;
  readonly software: boolean;
  /** The trainer as it is, and the turns that calls to it take. */
  readonly trainer: Trainer;
  readonly turns: Turns;
  readonly field: Field;
  readonly show: (shown: Shown) => void;
}

/** A texture on a real GPU may have the picture's full size up to here; a software adapter draws a small one. */
const TEXTURE_PIXELS = 4096 * 2048;
const SOFTWARE_TEXTURE_PIXELS = 256 * 256;
/** Samples of a preview that is read back. */
const READ_SAMPLES = 96 ** 3;
const SOFTWARE_READ_SAMPLES = 32 ** 3;

/** Width and height of a texture for a picture: of at most `pixels` texels, and no side longer than `longest`. */
export function textureSize([width = 1, height = 1]: readonly number[], pixels: number, longest: number): number[] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return reducedSize([width, height].map((extent) => Math.max(1, Math.floor(extent * scale))), pixels);
}

export function liveView(source: LiveSource): LiveView {
  return source.original.kind === 'grid' ? textureView(source) : samplesView(source);
}

function textureView({ original, device, software, trainer, turns, show }: LiveSource): LiveView {
  const size = textureSize(original.info.size, software ? SOFTWARE_TEXTURE_PIXELS : TEXTURE_PIXELS, device.limits.maxTextureDimension2D);
  const texture = device.createTexture({
    label: 'reconstruction',
    size,
    format: 'rgba16float',
    usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_SRC,
  });
  return {
    present: () =>
      turns.take(async () => {
        if (!isPresentingTrainer(trainer)) return;
        trainer.writeTexture(texture);
        await device.queue.onSubmittedWorkDone();
        show({ kind: 'texture', label: 'live', size: [texture.width, texture.height], texture, device });
      }),
    end: () => undefined,
    free: () => texture.destroy(),
  };
}

function samplesView({ original: { info }, software, trainer, turns, field, show }: LiveSource): LiveView {
  const size = reducedSize(info.size, software ? SOFTWARE_READ_SAMPLES : READ_SAMPLES);
  const { channels } = info;
  const pace = new PreviewPace<Shown>(show);
  return {
    present: async () => {
      const values = await turns.take(() => trainer.reconstruct(size));
      const shown = shownSamples(info, { size, channels, type: 'uint8', samples: previewBytes(values) }, 'live');
      if (shown.kind !== 'distances') {
        pace.offer(shown);
        return;
      }
      const parameters = modelParameters(await turns.take(() => trainer.checkpoint()));
      pace.offer({ ...shown, network: { field, parameters, truncation: shown.grid.truncation } });
    },
    // A preview that still waits must not come after what the file decodes to.
    end: () => pace.stop(),
    free: () => undefined,
  };
}
