/**
 * Ray marching through a volume, in three's shading language: the same text on WebGPU and WebGL2. One program for each technique, so that
 * software renderers, which run both sides of every branch, pay for what is shown alone.
 *
 * A ray is followed in fractions of the box q = eye + t direction, where t is a distance in scene units: directions of unit length in the scene
 * are mapped by BoxFrame.toBox before they come here, so that spacing, oblique and mirrored grids need no care below.
 *
 * Two nested loops: the outer one goes from cell to cell (volume-texels.ts) and jumps over those without content, the inner one samples a cell.
 * Real loops skip on processors too. Samples lie at near + (k + jitter) step whatever is skipped, so that skipping cannot be seen; the jitter
 * (interleaved gradient noise, Jimenez 2014) turns bands into fine grain. Colours are encoded as they come from the table, premultiplied.
 */
import { Data3DTexture, DataTexture, HalfFloatType, LinearFilter, Matrix3, NearestFilter, NoBlending, NoColorSpace, NodeMaterial, RedFormat, RGBAFormat, UnsignedByteType, Vector2, Vector3, Vector4, type Node, type Texture } from 'three/webgpu';
import { abs, Break, ceil, clamp, dot, exp2, float, floor, Fn, fract, If, int, ivec3, log2, Loop, max, min, mix, normalize, pow, select, sign, smoothstep, step, texture, texture3D, uniform, uv, vec2, vec3, vec4 } from 'three/tsl';
import { CELL, type VolumeTexels } from './volume-texels';
import { REFERENCE, TABLE_ENTRIES } from './transfer';
import type { Technique } from './volume-view';

/** More cells than any ray crosses: 3 * 2048 / CELL, and one turn for each place where it starts anew. */
const MAXIMUM_CELLS = 1024;
/** Opacity from which on what lies behind cannot be seen. */
const OPAQUE = 0.985;

/** A texture of a whole volume. */
export function volumeTexture({ data, size, kind }: Pick<VolumeTexels, 'data' | 'size' | 'kind'>, linear: boolean): Data3DTexture {
  const result = new Data3DTexture(data as Uint8Array<ArrayBuffer>, size[0], size[1], size[2]);
  result.format = RedFormat;
  result.type = kind === 'half' ? HalfFloatType : UnsignedByteType;
  result.colorSpace = NoColorSpace;
  result.minFilter = linear ? LinearFilter : NearestFilter;
  result.magFilter = linear ? LinearFilter : NearestFilter;
  result.unpackAlignment = 1;
  result.needsUpdate = true;
  return result;
}

/** The texture of a transfer table. */
export function tableTexture(table: Uint8Array): DataTexture {
  const result = new DataTexture(table as Uint8Array<ArrayBuffer>, TABLE_ENTRIES, 1, RGBAFormat, UnsignedByteType);
  result.colorSpace = NoColorSpace;
  result.minFilter = LinearFilter;
  result.magFilter = LinearFilter;
  result.needsUpdate = true;
  return result;
}

/** What all rays of a frame share. */
export function createMarchUniforms() {
  return {
    /** The camera in fractions of the box; right and up are as long as half the pane at distance 1. */
    eye: uniform(new Vector3()),
    forward: uniform(new Vector3(0, 0, 1)),
    right: uniform(new Vector3(1, 0, 0)),
    up: uniform(new Vector3(0, 1, 0)),
    /** Half the pane at distance 1, in scene units. */
    tangents: uniform(new Vector2(1, 1)),
    /** Ends of the clip box. */
    low: uniform(new Vector3()),
    high: uniform(new Vector3(1, 1, 1)),
    /** Distance between samples, in scene units. */
    step: uniform(0.01),
    density: uniform(1),
    level: uniform(0.5),
    /** Ends of the window. */
    window: uniform(new Vector2(0, 1)),
    /** Gradients in the box to the scene (transposed toBox), and the lights there. */
    normals: uniform(new Matrix3()),
    light: uniform(new Vector3(0, 0, 1)),
    halfway: uniform(new Vector3(0, 0, 1)),
    /** The part of the pane that is drawn: its corner and extent, 0 to 1; y down. */
    rect: uniform(new Vector4(0, 0, 1, 1)),
    /** Pixels of the pane. */
    pixels: uniform(new Vector2(1, 1)),
  };
}

export type MarchUniforms = ReturnType<typeof createMarchUniforms>;

/** Textures of one volume as nodes whose values change. */
export interface MarchInputs {
  readonly volume: ReturnType<typeof texture3D>;
  readonly cells: ReturnType<typeof texture3D>;
  readonly table: ReturnType<typeof texture>;
  /** Texels of the volume, and the part of them that the box covers. */
  readonly texels: { value: Vector3 } & Node<'vec3'>;
  readonly cover: { value: Vector3 } & Node<'vec3'>;
}

export function createMarchInputs(): MarchInputs {
  const nothing = { data: new Uint8Array(1), size: [1, 1, 1], kind: 'byte' } as const;
  return {
    volume: texture3D(volumeTexture(nothing, true) as Texture),
    cells: texture3D(volumeTexture(nothing, false) as Texture),
    table: texture(tableTexture(new Uint8Array(4 * TABLE_ENTRIES)) as Texture),
    texels: uniform(new Vector3(1, 1, 1)),
    cover: uniform(new Vector3(1, 1, 1)),
  };
}

/** The program of a technique over one volume. */
export function createMarchMaterial(technique: Technique, shaded: boolean, u: MarchUniforms, inputs: MarchInputs): NodeMaterial {
  const sample = (at: Node<'vec3'>): Node<'float'> => inputs.volume.sample(at.mul(inputs.cover)).level(int(0)).r as unknown as Node<'float'>;
  const colourOf = (value: Node<'float'>): Node<'vec4'> => inputs.table.sample(vec2(value.mul((TABLE_ENTRIES - 1) / TABLE_ENTRIES).add(0.5 / TABLE_ENTRIES), 0.5)).level(int(0)) as unknown as Node<'vec4'>;
  const windowed = (value: Node<'float'>): Node<'float'> => clamp(value.sub(u.window.x).div(max(u.window.y.sub(u.window.x), 1e-6)), 0, 1);

  /** Diffuse and a highlight for a unit normal that looks outwards. */
  const lit = (colour: Node<'vec3'>, normal: Node<'vec3'>): Node<'vec3'> => {
    const diffuse = max(dot(normal, u.light), 0);
    const highlight = pow(max(dot(normal, u.halfway), 0), 40).mul(0.22);
    return colour.mul(diffuse.mul(0.74).add(0.3)).add(highlight);
  };
  /** The gradient in the scene, per texel; `value` where forward differences do. */
  const gradient = (at: Node<'vec3'>, value: Node<'float'> | null): Node<'vec3'> => {
    const by = vec3(1).div(inputs.texels.mul(inputs.cover)).toVar();
    const along = (axis: Node<'vec3'>): Node<'float'> => {
      const ahead = sample(at.add(by.mul(axis)));
      return value ? ahead.sub(value) : ahead.sub(sample(at.sub(by.mul(axis)))).mul(0.5);
    };
    const slope = vec3(along(vec3(1, 0, 0)), along(vec3(0, 1, 0)), along(vec3(0, 0, 1))).div(by);
    return u.normals.mul(slope) as unknown as Node<'vec3'>;
  };

  const fragment = Fn(() => {
    const place = uv().mul(u.rect.zw).add(u.rect.xy).toVar();
    const ndc = vec2(place.x.mul(2).sub(1), float(1).sub(place.y.mul(2))).toVar();
    const stretch = float(1).div(vec3(1, ndc.x.mul(u.tangents.x), ndc.y.mul(u.tangents.y)).length());
    const ray = u.forward.add(u.right.mul(ndc.x)).add(u.up.mul(ndc.y)).mul(stretch).toVar();
    // A component of zero would divide by it.
    const direction = ray.add(vec3(1).sub(step(vec3(1e-6), abs(ray))).mul(1e-5)).toVar();
    const inverse = vec3(1).div(direction).toVar();
    const first = u.low.sub(u.eye).mul(inverse).toVar();
    const second = u.high.sub(u.eye).mul(inverse).toVar();
    const entries = min(first, second).toVar();
    const exits = max(first, second).toVar();
    const near = max(max(entries.x, max(entries.y, entries.z)), 1e-4).toVar();
    const far = min(exits.x, min(exits.y, exits.z)).toVar();
    const result = vec4(0).toVar();

    If(far.greaterThan(near), () => {
      const pixel = floor(place.mul(u.pixels));
      const jitter = fract(fract(dot(pixel, vec2(0.06711056, 0.00583715))).mul(52.9829189));
      const t = near.add(jitter.mul(u.step)).toVar();
      const scale = inputs.texels.mul(inputs.cover).div(CELL).toVar();
      const last = ceil(inputs.texels.div(CELL)).sub(1).toVar();
      const ahead = max(sign(direction), vec3(0)).toVar();
      const best = float(0).toVar();
      const found = float(-1).toVar();

      Loop(MAXIMUM_CELLS, () => {
        If(t.greaterThanEqual(far), () => {
          Break();
        });
        const cell = clamp(floor(u.eye.add(direction.mul(t)).mul(scale)), vec3(0), last).toVar();
        const ends = cell.add(ahead).div(scale).sub(u.eye).mul(inverse).toVar();
        const end = min(min(ends.x, min(ends.y, ends.z)), far);
        const count = max(ceil(end.sub(t).div(u.step)), 1).toVar();
        const content = inputs.cells.load(ivec3(cell)).r as unknown as Node<'float'>;
        const turns = select(content.greaterThan(best), int(count), int(0)).toVar();
        const next = t.add(count.mul(u.step)).toVar();
        Loop(turns, () => {
          const at = u.eye.add(direction.mul(t)).toVar();
          const value = sample(at).toVar();
          if (technique === 'composite') {
            const colour = colourOf(value).toVar();
            const clear = max(float(1).sub(colour.a.mul(u.density)), 1e-4);
            const opacity = float(1).sub(exp2(log2(clear).mul(u.step.mul(REFERENCE)))).toVar();
            const seen = colour.rgb.toVar();
            if (shaded) {
              // A loop of at most one turn: software renderers run both sides of an If.
              Loop(select(colour.a.greaterThan(0.004), int(1), int(0)), () => {
                const slope = gradient(at, value).toVar();
                const steep = slope.length().toVar();
                const shade = lit(colour.rgb, slope.div(max(steep, 1e-5)).negate());
                seen.assign(mix(colour.rgb.mul(0.86), shade, smoothstep(0.6, 4, steep)));
              });
            }
            const share = opacity.mul(float(1).sub(result.a));
            result.addAssign(vec4(seen.mul(share), share));
            If(result.a.greaterThan(OPAQUE), () => {
              next.assign(far);
              Break();
            });
          } else if (technique === 'maximum') {
            best.assign(max(best, value));
          } else if (technique === 'average') {
            result.addAssign(vec4(value));
          } else {
            If(value.greaterThanEqual(u.level), () => {
              found.assign(t);
              next.assign(far);
              Break();
            });
          }
          t.addAssign(u.step);
        });
        t.assign(next);
      });

      if (technique === 'maximum') {
        const shown = windowed(best).toVar();
        const cover = smoothstep(0, 0.22, shown);
        result.assign(vec4(colourOf(best).rgb.mul(cover), cover));
      } else if (technique === 'average') {
        // The mean over the path, as an X-ray: brighter by the density, since most of a box is background.
        const mean = clamp(result.x.mul(u.step).mul(u.density).mul(2), 0, 1).toVar();
        const cover = smoothstep(0, 0.22, windowed(mean));
        result.assign(vec4(colourOf(mean).rgb.mul(cover), cover));
      } else if (technique === 'surface') {
        If(found.greaterThan(0), () => {
          const [outside, inside] = [max(near, found.sub(u.step)).toVar(), found.toVar()];
          Loop(6, () => {
            const middle = outside.add(inside).mul(0.5).toVar();
            const reached = sample(u.eye.add(direction.mul(middle))).greaterThanEqual(u.level);
            inside.assign(select(reached, middle, inside));
            outside.assign(select(reached, outside, middle));
          });
          const at = u.eye.add(direction.mul(inside)).toVar();
          // Cut open by the clip box: the cut shows the values, on a face that looks at the reader.
          const cut = inside.lessThan(near.add(u.step.mul(0.05)));
          const slope = gradient(at, null).toVar();
          const normal = slope.div(max(slope.length(), 1e-5)).negate();
          const surface = lit(mix(colourOf(float(u.window.y)).rgb, colourOf(u.level).rgb, 0.45), normalize(normal));
          result.assign(vec4(select(cut, colourOf(sample(at)).rgb, surface), 1));
        });
      }
    });
    return result;
  });

  const material = new NodeMaterial();
  material.fragmentNode = fragment();
  material.blending = NoBlending;
  material.depthTest = false;
  material.depthWrite = false;
  material.fog = false;
  return material;
}

/** The program that puts the drawn part of a buffer, `extent` of it from the corner, onto the whole canvas. */
export function createCopyMaterial(buffer: Texture) {
  const source = texture(buffer);
  /** Part of the buffer that is used, and half a texel of it. */
  const extent = uniform(new Vector2(1, 1));
  const margin = uniform(new Vector2(0, 0));
  const material = new NodeMaterial();
  material.fragmentNode = source.sample(clamp(uv().mul(extent), margin, extent.sub(margin)));
  material.blending = NoBlending;
  material.depthTest = false;
  material.depthWrite = false;
  material.fog = false;
  return { material, source, extent, margin };
}
