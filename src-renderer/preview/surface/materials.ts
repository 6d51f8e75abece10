/** Materials of meshes, their edges, and the shadow under them. */
import { DoubleSide, NodeMaterial, type Node, type Texture, Vector3 } from 'three/webgpu';
import { attribute, cameraPosition, cross, dFdx, dFdy, Discard, dot, float, Fn, frontFacing, If, mix, normalize, positionWorld, select, smoothstep, texture, uniform, uv, vec2, vec4, length } from 'three/tsl';
import type { FieldTexture } from './field-texture';
import type { Look } from './look';

/** Drops what is cut away. */
function cutAway({ uniforms }: Look): void {
  If(dot(positionWorld, uniforms.cutNormal).greaterThan(uniforms.cutOffset), () => {
    Discard();
  });
}

/** A mesh with attributes normal, curvature and error (materials of two meshes may differ in mode). */
export function createMeshMaterial(look: Look, field: FieldTexture) {
  const mode = uniform(0, 'int');
  const flat = uniform(0, 'int');
  /** 1: the back of no face can be seen. What peeps out along an outline by rounding is then lit like its neighbours. */
  const solid = uniform(0, 'int');
  const material = new NodeMaterial();
  material.fragmentNode = Fn(() => {
    cutAway(look);
    const front = select(frontFacing.or(solid.equal(1)), float(1), float(-1)).toVar();
    const smooth = normalize(attribute<'vec3'>('normal', 'vec3')).mul(front).toVar();
    const normal = smooth.toVar();
    If(flat.equal(1), () => {
      const facet = normalize(cross(dFdx(positionWorld), dFdy(positionWorld))).toVar();
      const toward = cameraPosition.sub(positionWorld);
      normal.assign(facet.mul(select(dot(facet, toward).lessThan(0), float(-1), float(1))));
    });
    const openness = float(1).toVar();
    If(field.occlusion.greaterThan(0), () => {
      openness.assign(mix(float(0.55), field.openness(positionWorld, smooth), front.mul(0.5).add(0.5)));
    });
    const colour = look.shade(mode as unknown as Node<'int'>, {
      normal,
      curvature: attribute<'float'>('curvature', 'float'),
      error: attribute<'float'>('error', 'float'),
      openness,
      outside: front.mul(0.5).add(0.5),
    });
    return vec4(colour, 1);
  })();
  material.side = DoubleSide;
  material.fog = false;
  // Edges lie on the faces and must win.
  material.polygonOffset = true;
  material.polygonOffsetFactor = 1;
  material.polygonOffsetUnits = 1;
  return { material, mode, flat, solid };
}

/** Edges as thin lines over the faces. */
export function createWireMaterial(look: Look) {
  const ink = uniform(new Vector3(0.02, 0.03, 0.05));
  const strength = uniform(0.4);
  const material = new NodeMaterial();
  material.fragmentNode = Fn(() => {
    cutAway(look);
    return vec4(ink, strength);
  })();
  material.transparent = true;
  material.depthWrite = false;
  material.fog = false;
  return { material, ink, strength };
}

/** The shadow on the ground: dark where the map says so, and gone before the edge of the square. */
export function createGroundMaterial(map: Texture) {
  const shadow = texture(map);
  const strength = uniform(0.5);
  const material = new NodeMaterial();
  material.fragmentNode = Fn(() => {
    const fade = smoothstep(1, 0.7, length(uv().sub(0.5).mul(2)));
    return vec4(0, 0, 0, shadow.sample(vec2(uv().x, uv().y)).r.mul(strength).mul(fade));
  })();
  material.transparent = true;
  material.depthWrite = false;
  material.side = DoubleSide;
  material.fog = false;
  return { material, shadow, strength };
}
