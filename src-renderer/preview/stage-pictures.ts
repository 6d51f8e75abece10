/**
 * The two pictures that a stage compares, with their textures. Samples become textures of the device's size at most; a newer picture overtakes
 * one that is still being prepared. Textures made here are freed here; one that the trainer writes stays its owner's.
 */
import { ExternalTexture, type Texture } from 'three/webgpu';
import type { Composition, Layer } from './composition';
import type { Picture } from './readout';
import { dataTexture, emptyTexture, type StageMaterial } from './shader';
import { toTexels } from './texels';
import type { Extent } from './view';

/** What is compared with the original: samples, or a texture that a compute pass writes. */
export type Reconstruction =
  | ({ readonly kind: 'pixels' } & Omit<Picture, 'type'>)
  | {
      readonly kind: 'texture';
      /** rgba16float with TEXTURE_BINDING on the stage's device; texels are encoded samples in [0, 1]. Stays its owner's. */
      readonly texture: GPUTexture;
      readonly size: Extent;
      /** Its device, where known: a texture of another device than the stage's is not shown. */
      readonly device?: GPUDevice;
      /** A copy of the samples for the readout, where its owner has one. */
      readonly copy?: Picture | null;
    };

export class StagePictures {
  #original: Picture | null = null;
  #reconstruction: Reconstruction | null = null;
  /** Turns of either side: a picture that was prepared for an older turn is dropped. */
  #uploads = { original: 0, reconstruction: 0 };
  /** Samples averaged along an edge of a texel. */
  #reductions = { original: 1, reconstruction: 1 };
  #disposed = false;

  /** `device` is the trainer's where the stage draws on it, `maximumExtent` the largest edge of a texture. */
  constructor(
    private readonly shading: StageMaterial,
    private readonly maximumExtent: number,
    private readonly device: GPUDevice | null,
  ) {}

  get original(): Picture | null {
    return this.#original;
  }

  get reconstruction(): Reconstruction | null {
    return this.#reconstruction;
  }

  /** Samples of the reconstruction for the readout, where there are any on this side of the device. */
  get reconstructionSamples(): Picture | null {
    const shown = this.#reconstruction;
    return shown?.kind === 'pixels' ? pixelsAsPicture(shown) : (shown?.copy ?? null);
  }

  /** Size of what is compared, in samples: the original's, else the reconstruction's. Null when there is neither. */
  get size(): Extent | null {
    return this.#original?.size ?? this.#reconstruction?.size ?? null;
  }

  /** One of them is drawn from block means. */
  get reduced(): boolean {
    return this.#reductions.original > 1 || this.#reductions.reconstruction > 1;
  }

  /** A texture can be drawn only on the device that it belongs to. */
  canShow(reconstruction: Reconstruction): boolean {
    if (reconstruction.kind === 'pixels') return true;
    return this.device !== null && (reconstruction.device === undefined || reconstruction.device === this.device);
  }

  /** Takes another original, or none. Resolves to false when a newer one, or the end, overtook it. */
  async setOriginal(picture: Picture | null): Promise<boolean> {
    if (picture) return this.#upload('original', picture, () => (this.#original = picture));
    this.#uploads.original++;
    this.#original = null;
    this.#reductions.original = 1;
    this.#swap(this.shading.original, emptyTexture('no original'));
    return true;
  }

  /** The same for the reconstruction; one that cannot be shown counts as none. */
  async setReconstruction(given: Reconstruction | null): Promise<boolean> {
    const reconstruction = given && this.canShow(given) ? given : null;
    if (reconstruction?.kind === 'pixels') {
      return this.#upload('reconstruction', pixelsAsPicture(reconstruction), () => (this.#reconstruction = reconstruction));
    }
    this.#uploads.reconstruction++;
    const node = this.shading.reconstruction;
    const current = node.value as Texture & { sourceTexture?: unknown };
    this.#reconstruction = reconstruction;
    this.#reductions.reconstruction = 1;
    if (!reconstruction) this.#swap(node, emptyTexture('no reconstruction'));
    else if (current.sourceTexture !== reconstruction.texture) this.#swap(node, new ExternalTexture(reconstruction.texture));
    return true;
  }

  /** Both as they lie on the device, for the next frame. */
  layers(): Pick<Composition, 'original' | 'reconstruction'> {
    const original = this.#original;
    return {
      original: original && { ...this.#layer('original', original.size), channels: original.channels, alpha: original.alpha },
      reconstruction: this.#reconstruction && this.#layer('reconstruction', this.#reconstruction.size),
    };
  }

  /** Frees the textures; nothing that is still being prepared is taken any more. */
  dispose(): void {
    this.#disposed = true;
    this.shading.original.value.dispose();
    this.shading.reconstruction.value.dispose();
  }

  async #upload(which: 'original' | 'reconstruction', picture: Picture, accept: () => void): Promise<boolean> {
    const turn = ++this.#uploads[which];
    const abandoned = (): boolean => this.#disposed || this.#uploads[which] !== turn;
    const texels = await toTexels(picture, this.maximumExtent, abandoned);
    if (!texels || abandoned()) return false;
    const node = this.shading[which];
    const current = node.value;
    const image = current.image as { data?: unknown; width: number; height: number } | null;
    const fresh = dataTexture(texels, which);
    // A preview of the same kind and size goes into the texture that is there already.
    if (image?.data && image.width === texels.size[0] && image.height === texels.size[1] && current.type === fresh.type) {
      image.data = texels.data;
      current.needsUpdate = true;
    } else this.#swap(node, fresh);
    this.#reductions[which] = texels.reduction;
    accept();
    return true;
  }

  #swap(node: { value: Texture }, texture: Texture): void {
    const before = node.value;
    node.value = texture;
    before.dispose();
  }

  #layer(which: 'original' | 'reconstruction', size: Extent): Layer {
    const texture = this.shading[which].value as Texture & { sourceTexture?: GPUTexture };
    const { width, height } = texture.sourceTexture ?? (texture.image as { width: number; height: number });
    return { size, texels: [width, height], reduction: this.#reductions[which] };
  }
}

function pixelsAsPicture(pixels: Omit<Picture, 'type'>): Picture {
  const { size, channels, samples, alpha } = pixels;
  return { size, channels, samples, alpha, type: samples instanceof Uint16Array ? 'uint16' : 'uint8' };
}
