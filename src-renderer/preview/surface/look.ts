/**
 * How surfaces look, in three's shading language: one text for WebGPU and WebGL2, shared by meshes and by the marched field, so that both
 * look the same.
 *
 * Lights hang on the camera, as on a photographer's rig: the surface is turned under them and is never in its own dark. 'studio' is matte
 * clay under a warm key, a cool fill and a rim; 'matcap' takes the colour from the direction of the normal alone, with four colours made
 * here; 'normals' and 'curvature' show numbers. Shading is reckoned in linear light, goes through a filmic curve (the fit of Narkowicz
 * 2015 to ACES) and is encoded here: nothing may follow.
 */
import { DataTexture, LinearFilter, NoColorSpace, RGBAFormat, Vector3, type Node, type Texture } from 'three/webgpu';
import { clamp, cameraViewMatrix, dot, float, Fn, If, int, max, mix, normalize, pow, smoothstep, tanh, texture, uniform, vec2, vec3, vec4 } from 'three/tsl';
import type { Rgb } from '../colormap';
import { HEAT_ENTRIES, heatMap } from './heat';
import { MATCAPS } from './matcaps';
import type { MatcapName, Shading } from './surface-view';

/** How a surface is coloured: a shading, or the error map. */
export const SHADE: Readonly<Record<Shading | 'error', number>> = { studio: 0, matcap: 1, normals: 2, curvature: 3, error: 4 };

/** A row of colours as a texture that is blended along it. */
export function mapTexture(map: readonly Rgb[], name: string): DataTexture {
  const result = new DataTexture(Uint8Array.from(map.flatMap((rgb) => [...rgb, 255])), map.length, 1, RGBAFormat);
  result.name = name;
  result.colorSpace = NoColorSpace;
  result.minFilter = LinearFilter;
  result.magFilter = LinearFilter;
  result.needsUpdate = true;
  return result;
}

/** Place of a number in [0, 1] in such a texture: the first and the last colour lie in the middle of their texels. */
export function mapPlace(at: Node<'float'>): Node<'vec2'> {
  return vec2(at.mul((HEAT_ENTRIES - 1) / HEAT_ENTRIES).add(0.5 / HEAT_ENTRIES), 0.5);
}

export interface Surfel {
  /** Unit normal towards the viewer's side, in the domain. */
  readonly normal: Node<'vec3'>;
  /** Mean curvature, positive outwards. */
  readonly curvature: Node<'float'>;
  /** 1 in the open, 0 in a hole. */
  readonly openness: Node<'float'>;
  /** Error in domain units. */
  readonly error: Node<'float'>;
  /** 1 on the outside, 0 where the inside is seen. */
  readonly outside: Node<'float'>;
}

/** Uniforms that every surface shares, and the function that makes colours. */
export function createLook() {
  const heat = mapTexture(heatMap(), 'error map');
  const heatNode = texture(heat as Texture);
  const uniforms = {
    /** Colours and gloss of the matcap. */
    dark: uniform(new Vector3()),
    body: uniform(new Vector3()),
    light: uniform(new Vector3()),
    rim: uniform(new Vector3()),
    gloss: uniform(0.5),
    /** Curvature that is shown at about three quarters of the full colour, per domain unit. */
    bend: uniform(10),
    /** Positions on the error map of a domain unit. */
    gain: uniform(1),
    /** What lies beyond the cut, normal . p > offset, is not drawn. */
    cutNormal: uniform(new Vector3(0, 0, 1)),
    cutOffset: uniform(1e9),
  };

  const key = normalize(vec3(-0.5, 0.68, 0.6));
  const fill = normalize(vec3(0.85, 0.05, 0.45));
  const half = normalize(vec3(-0.5, 0.68, 0.6).normalize().add(vec3(0, 0, 1)));

  const filmic = (colour: Node<'vec3'>): Node<'vec3'> => {
    const x = colour.mul(0.78).toVar();
    const mapped = x.mul(x.mul(2.51).add(0.03)).div(x.mul(x.mul(2.43).add(0.59)).add(0.14));
    return pow(clamp(mapped, 0, 1), vec3(1 / 2.2));
  };

  /** Encoded colour of a place of a surface. `mode` is one of SHADE. */
  const shade = (mode: Node<'int'>, surfel: Surfel): Node<'vec3'> =>
    Fn(() => {
      const n = normalize(cameraViewMatrix.mul(vec4(surfel.normal, 0)).xyz).toVar();
      const edge = pow(clamp(float(1).sub(n.z), 0, 1), 3).toVar();
      const lit = clamp(dot(n, key).add(0.12).div(1.12), 0, 1).toVar();
      const open = surfel.openness.toVar();
      const result = vec3(0).toVar();
      If(mode.equal(int(SHADE.matcap)), () => {
        const l = dot(n, key).mul(0.5).add(0.5).toVar();
        const base = mix(mix(uniforms.dark, uniforms.body, smoothstep(0.05, 0.62, l)), uniforms.light, smoothstep(0.6, 1, l));
        // A window of a studio, as a soft square.
        const window = smoothstep(0.2, 0.09, max(n.x.add(0.34).abs(), n.y.sub(0.46).abs()));
        const colour = base.mul(mix(float(0.35), float(1), open)).add(uniforms.rim.mul(edge).mul(0.55)).add(window.mul(uniforms.gloss).mul(0.7));
        result.assign(filmic(colour.mul(mix(float(0.4), float(1), surfel.outside))));
      })
        .ElseIf(mode.equal(int(SHADE.normals)), () => {
          result.assign(surfel.normal.mul(0.5).add(0.5).mul(mix(float(0.55), float(1), open)));
        })
        .Else(() => {
          const clay = mix(vec3(0.09, 0.12, 0.17), vec3(0.36, 0.325, 0.285), surfel.outside).toVar();
          If(mode.equal(int(SHADE.curvature)), () => {
            const bent = tanh(surfel.curvature.div(uniforms.bend)).toVar();
            const outward = mix(vec3(0.42, 0.42, 0.42), vec3(0.95, 0.5, 0.12), clamp(bent, 0, 1));
            clay.assign(mix(outward, vec3(0.03, 0.12, 0.42), clamp(bent.negate(), 0, 1)));
          });
          const sky = mix(vec3(0.13, 0.115, 0.105), vec3(0.36, 0.41, 0.5), n.y.mul(0.5).add(0.5));
          const light = sky.mul(open).mul(0.8).toVar();
          light.addAssign(vec3(1.62, 1.5, 1.33).mul(lit).mul(mix(float(0.35), float(1), open)));
          light.addAssign(vec3(0.2, 0.26, 0.36).mul(clamp(dot(n, fill), 0, 1)).mul(open));
          const shine = pow(clamp(dot(n, half), 0, 1), 36).mul(0.16).mul(surfel.outside);
          const colour = clay.mul(light).add(shine).add(vec3(0.5, 0.6, 0.75).mul(edge).mul(0.3).mul(open).mul(n.y.mul(0.35).add(0.65)));
          result.assign(filmic(colour));
          If(mode.equal(int(SHADE.error)), () => {
            const at = clamp(surfel.error.mul(uniforms.gain), 0, 1);
            // Shape is told by light alone, so that hues are those of the scale.
            const relief = mix(float(0.62), float(1), clamp(lit.mul(0.85).add(open.mul(0.15)), 0, 1));
            result.assign(heatNode.sample(mapPlace(at)).rgb.mul(relief));
          });
        });
      return result;
    })();

  return {
    uniforms,
    shade,
    /** Takes the colours of a matcap. */
    setMatcap(name: MatcapName): void {
      const { colours, gloss } = MATCAPS[name];
      for (const [index, target] of ([uniforms.dark, uniforms.body, uniforms.light, uniforms.rim] as const).entries()) target.value.set(...colours[index as 0 | 1 | 2 | 3]);
      uniforms.gloss.value = gloss;
    },
    dispose(): void {
      heat.dispose();
    },
  };
}

export type Look = ReturnType<typeof createLook>;
