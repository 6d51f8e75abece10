/**
 * The slice of the field: blue inside, orange outside, a line at every fifth of the truncation and a bold one at zero. Lines keep their
 * width in pixels, whatever the slope of the field, by the derivatives of the distance; they fade where they would run together. Beyond the
 * truncation the plane is a veil.
 */
import { DoubleSide, NodeMaterial, Vector3, type Texture } from 'three/webgpu';
import { abs, clamp, float, Fn, fract, fwidth, min, mix, positionLocal, positionWorld, smoothstep, texture, uniform, vec3, vec4 } from 'three/tsl';
import type { FieldTexture } from './field-texture';
import { sliceMap } from './heat';
import { mapPlace, mapTexture } from './look';
import { LINES } from './slice';

export function createSliceMaterial(field: FieldTexture) {
  const map = mapTexture(sliceMap(), 'slice');
  const table = texture(map as Texture);
  const corner = uniform(new Vector3(-1, -1, 0));
  const first = uniform(new Vector3(2, 0, 0));
  const second = uniform(new Vector3(0, 2, 0));
  /** Opacity of what lies beyond the truncation. */
  const veil = uniform(0.16);
  const material = new NodeMaterial();
  material.positionNode = corner.add(first.mul(positionLocal.x)).add(second.mul(positionLocal.y));
  material.fragmentNode = Fn(() => {
    const level = field.distance(positionWorld).div(field.truncation).toVar();
    const slope = fwidth(level).max(1e-6).toVar();
    const colour = table.sample(mapPlace(clamp(level.mul(0.5).add(0.5), 0, 1))).rgb.toVar();
    const lines = level.mul(LINES);
    const spread = slope.mul(LINES).toVar();
    const away = min(fract(lines), float(1).sub(fract(lines))).div(spread);
    // The outermost levels are where the field is cut off: plateaus, not lines.
    const thin = smoothstep(1.1, 0.3, away).mul(smoothstep(0.45, 0.15, spread)).mul(smoothstep(0.93, 0.9, abs(level)));
    const bold = smoothstep(2.1, 1.1, abs(level).div(slope));
    colour.assign(mix(colour, vec3(0.1, 0.11, 0.14), thin.mul(0.5)));
    colour.assign(mix(colour, vec3(0.03, 0.03, 0.05), bold));
    const solid = smoothstep(0.999, 0.96, level);
    return vec4(colour, mix(veil, float(1), solid));
  })();
  material.transparent = true;
  material.side = DoubleSide;
  material.fog = false;
  return {
    material,
    corner,
    first,
    second,
    veil,
    dispose(): void {
      material.dispose();
      map.dispose();
    },
  };
}
