/**
 * The stage's one fragment program, in three's shading language, so that the same text runs on WebGPU and on WebGL2.
 *
 * Textures are read texel by texel and filtered here. Samplers would give neither hard sample edges that stay one pixel
 * wide at any zoom, nor an error map that averages errors (and not pictures) where the picture is made smaller.
 *
 * Positions reach the shader relative to the texel in the view's top left corner (anchor + shift, split in double precision
 * on the CPU): float32 alone would blur the samples of a large picture at deep zoom. With a whole-numbered zoom every texel
 * then comes out bit for bit: the blend weights are exactly 0 or 1 (view.ts snaps the picture to the pixel grid).
 *
 * Colours are what the samples say, already encoded: no transfer function and no tone mapping may follow.
 */
import {
  DataTexture,
  HalfFloatType,
  NearestFilter,
  NoBlending,
  NoColorSpace,
  NodeMaterial,
  RGBAFormat,
  UnsignedByteType,
  Vector2,
  Vector4,
  type Node,
  type Texture,
} from 'three/webgpu';
import { abs, clamp, float, floor, Fn, If, int, ivec2, Loop, mix, mod, texture, uniform, uv, vec2, vec4 } from 'three/tsl';
import { COLORMAP_ENTRIES, colormap } from './colormap';
import type { Texels } from './texels';
import { HARD } from './view';

/** What a side of the dividing line shows. */
export const SOURCE = { original: 0, reconstruction: 1, error: 2 } as const;
export const METRIC = { absolute: 0, squared: 1, signed: 2 } as const;

/** Uniforms of one of the two textures. */
function placement() {
  return {
    extent: uniform(new Vector2(1, 1)),
    /** Index of the texel in the view's top left corner, and the position inside it. */
    anchor: uniform(new Vector2()),
    shift: uniform(new Vector2()),
    /** Texels per device pixel. */
    pace: uniform(new Vector2(1, 1)),
    sharpness: uniform(1),
  };
}

export type Placement = ReturnType<typeof placement>;

/** A texture that three uploads once; `name` helps in GPU debuggers. */
export function dataTexture(texels: Texels, name: string): DataTexture {
  const type = texels.kind === 'half' ? HalfFloatType : UnsignedByteType;
  const result = new DataTexture(texels.data, texels.size[0], texels.size[1], RGBAFormat, type);
  result.name = name;
  result.colorSpace = NoColorSpace;
  result.minFilter = NearestFilter;
  result.magFilter = NearestFilter;
  result.generateMipmaps = false;
  result.needsUpdate = true;
  return result;
}

/** A one-texel texture that stands where no picture is. A new one each time: nodes that share a texture are merged. */
export function emptyTexture(name: string): DataTexture {
  return dataTexture({ size: [1, 1], data: new Uint8Array(4), kind: 'byte', reduction: 1 }, name);
}

function colormapTexture(): DataTexture {
  const data = new Uint8Array(COLORMAP_ENTRIES * 2 * 4);
  for (const [row, metric] of (['absolute', 'signed'] as const).entries()) {
    for (const [index, [red, green, blue]] of colormap(metric).entries()) {
      data.set([red, green, blue, 255], (row * COLORMAP_ENTRIES + index) * 4);
    }
  }
  return dataTexture({ size: [COLORMAP_ENTRIES, 2], data, kind: 'byte', reduction: 1 }, 'colour maps');
}

/** The material and everything that changes between two frames. */
export function createStageMaterial() {
  const original = texture(emptyTexture('no original') as Texture);
  const reconstruction = texture(emptyTexture('no reconstruction') as Texture);
  const maps = colormapTexture();
  const table = texture(maps as Texture);
  const uniforms = {
    original: placement(),
    reconstruction: placement(),
    /** Device pixels of the canvas. */
    view: uniform(new Vector2(1, 1)),
    /** Left, top, right, bottom of the picture in device pixels. */
    frame: uniform(new Vector4()),
    /** Dividing line in device pixels: x > 0 divides left from right, y > 0 upper from lower; negative: not divided. */
    divide: uniform(new Vector2(-1, -1)),
    first: uniform(0, 'int'),
    second: uniform(0, 'int'),
    taps: uniform(1, 'int'),
    metric: uniform(0, 'int'),
    /** Weights of red, green, blue, alpha in the mean error of a sample. */
    weights: uniform(new Vector4(1 / 3, 1 / 3, 1 / 3, 0)),
    /** Position on the colour scale = gain * error + bias. */
    gain: uniform(1),
    bias: uniform(0),
    checker: uniform(new Vector2(0.42, 0.32)),
    /** Edge of a square of the checkerboard in device pixels. */
    square: uniform(8),
  };

  /** The texel at a position of the view, blended over an edge as sharp as asked for. */
  const sample = (source: typeof original, place: Placement, pixel: Node<'vec2'>) => {
    const position = pixel.mul(place.pace).add(place.shift).toVar();
    const last = place.extent.sub(1).toVar();
    const result = vec4(0).toVar();
    If(place.sharpness.greaterThanEqual(HARD), () => {
      result.assign(source.load(ivec2(clamp(floor(position).add(place.anchor), vec2(0), last))));
    }).Else(() => {
      const corner = floor(position.sub(0.5)).toVar();
      const weight = clamp(position.sub(corner).sub(1).mul(place.sharpness).add(0.5), 0, 1).toVar();
      const low = ivec2(clamp(corner.add(place.anchor), vec2(0), last)).toVar();
      const high = ivec2(clamp(corner.add(place.anchor).add(1), vec2(0), last)).toVar();
      const upper = mix(source.load(low), source.load(ivec2(high.x, low.y)), weight.x);
      const lower = mix(source.load(ivec2(low.x, high.y)), source.load(high), weight.x);
      result.assign(mix(upper, lower, weight.y));
    });
    return clamp(result, 0, 1);
  };

  const fragment = Fn(() => {
    // Whole pixel indices from the interpolated coordinate: exact, and the same on both backends.
    const pixel = floor(uv().mul(uniforms.view)).add(0.5).toVar();
    const result = vec4(0).toVar();
    const inside = pixel.x
      .greaterThanEqual(uniforms.frame.x)
      .and(pixel.y.greaterThanEqual(uniforms.frame.y))
      .and(pixel.x.lessThan(uniforms.frame.z))
      .and(pixel.y.lessThan(uniforms.frame.w));
    If(inside, () => {
      const before = pixel.x.lessThan(uniforms.divide.x).or(pixel.y.lessThan(uniforms.divide.y));
      const source = before.select(uniforms.first, uniforms.second).toVar();
      const colour = vec4(0).toVar();
      const error = float(0).toVar();
      const spacing = float(1).div(float(uniforms.taps)).toVar();
      const points = { start: int(0), end: uniforms.taps, type: 'int' } as const;
      Loop(points, points, ({ i, j }) => {
        const offset = vec2(float(j), float(i)).add(0.5).mul(spacing).sub(0.5);
        const place = pixel.add(offset).toVar();
        const texel = vec4(0).toVar();
        If(source.notEqual(SOURCE.reconstruction), () => {
          texel.assign(sample(original, uniforms.original, place));
        });
        If(source.notEqual(SOURCE.original), () => {
          const other = sample(reconstruction, uniforms.reconstruction, place).toVar();
          If(source.equal(SOURCE.error), () => {
            const difference = other.sub(texel).toVar();
            If(uniforms.metric.equal(METRIC.absolute), () => {
              difference.assign(abs(difference));
            });
            If(uniforms.metric.equal(METRIC.squared), () => {
              difference.assign(difference.mul(difference));
            });
            error.addAssign(difference.dot(uniforms.weights));
          }).Else(() => {
            texel.assign(other);
          });
        });
        // Premultiplied, so that the colour of clear samples does not bleed into the mean.
        colour.addAssign(vec4(texel.rgb.mul(texel.a), texel.a));
      });
      const share = spacing.mul(spacing);
      If(source.equal(SOURCE.error), () => {
        const position = clamp(error.mul(share).mul(uniforms.gain).add(uniforms.bias), 0, 1);
        const entry = int(floor(position.mul(COLORMAP_ENTRIES - 1).add(0.5)));
        const row = uniforms.metric.equal(METRIC.signed).select(int(1), int(0));
        result.assign(table.load(ivec2(entry, row)));
      }).Else(() => {
        const cell = floor(pixel.sub(uniforms.frame.xy).div(uniforms.square));
        const ground = mix(uniforms.checker.x, uniforms.checker.y, mod(cell.x.add(cell.y), 2));
        const mean = colour.mul(share).toVar();
        result.assign(vec4(mean.rgb.add(ground.mul(float(1).sub(mean.a))), 1));
      });
    });
    return result;
  });

  const material = new NodeMaterial();
  material.fragmentNode = fragment();
  material.blending = NoBlending;
  material.depthTest = false;
  material.depthWrite = false;
  material.fog = false;
  return {
    material,
    uniforms,
    original,
    reconstruction,
    dispose(): void {
      material.dispose();
      maps.dispose();
    },
  };
}

export type StageMaterial = ReturnType<typeof createStageMaterial>;
