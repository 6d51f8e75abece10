/** What a tracer met (src-engine/webgpu/trace.ts), as three draws it: a picture over the whole view, with depth, under the lights of all surfaces. */
import { DataTexture, ExternalTexture, HalfFloatType, NearestFilter, NodeMaterial, RGBAFormat, Vector2, Vector3, type Node, type Texture } from 'three/webgpu';
import { cameraFar, cameraNear, cameraPosition, cameraViewMatrix, clamp, Discard, float, Fn, If, ivec2, normalize, positionLocal, property, texture, uniform, uv, vec2, vec4, viewZToPerspectiveDepth } from 'three/tsl';
import type { TracePictures } from '#engine/webgpu/trace';
import type { Look } from './look';

function nothing(): DataTexture {
  const result = new DataTexture(new Uint16Array(4), 1, 1, RGBAFormat, HalfFloatType);
  result.minFilter = NearestFilter;
  result.magFilter = NearestFilter;
  result.needsUpdate = true;
  return result;
}

/** A material for a square from (0, 0) to (1, 1), which becomes the whole view. */
export function createNetworkMaterial(look: Look) {
  const normals = texture(nothing() as Texture);
  const places = texture(nothing() as Texture);
  const extent = uniform(new Vector2(1, 1));
  const [right, up, forward] = [uniform(new Vector3()), uniform(new Vector3()), uniform(new Vector3())];
  const mode = uniform(0, 'int');
  const colour = property('vec4', 'tracedColour') as unknown as Node<'vec4'> & { assign(value: unknown): void };

  /** Shades, leaves the colour in the property and gives the depth: the depth is asked for first. */
  const show = Fn(() => {
    // v grows upwards, rows of the pictures downwards.
    const place = vec2(uv().x, float(1).sub(uv().y));
    const texel = ivec2(clamp(place.mul(extent), vec2(0), extent.sub(1))).toVar();
    const met = places.load(texel).toVar();
    If(met.w.lessThan(0.5), () => {
      Discard();
    });
    const felt = normals.load(texel).toVar();
    // The ray of the texel's middle, not of the pixel's: the distance belongs to it.
    const middle = vec2(texel).add(0.5).div(extent).mul(2).sub(1).toVar();
    const direction = normalize(forward.add(right.mul(middle.x)).sub(up.mul(middle.y)));
    const point = cameraPosition.add(direction.mul(met.x.add(met.y)));
    colour.assign(vec4(look.shade(mode as unknown as Node<'int'>, { normal: felt.xyz, curvature: met.z, openness: felt.w, error: float(0), outside: float(1) }), 1));
    return viewZToPerspectiveDepth(cameraViewMatrix.mul(vec4(point, 1)).z, cameraNear, cameraFar);
  });

  const material = new NodeMaterial();
  material.vertexNode = vec4(positionLocal.xy.mul(2).sub(1), 0, 1);
  material.depthNode = show();
  material.fragmentNode = colour;
  material.fog = false;

  const swap = (node: { value: Texture }, next: Texture): void => {
    node.value.dispose();
    node.value = next;
  };
  return {
    material,
    mode,
    right,
    up,
    forward,
    /** Takes the pictures of a tracer on the same device; null shows nothing. */
    set(pictures: TracePictures | null): void {
      const held = normals.value as Texture & { sourceTexture?: GPUTexture };
      if (pictures ? held.sourceTexture === pictures.normals : held.sourceTexture === undefined) return;
      swap(normals, pictures ? new ExternalTexture(pictures.normals) : nothing());
      swap(places, pictures ? new ExternalTexture(pictures.places) : nothing());
      extent.value.set(...(pictures?.size ?? ([1, 1] as const)));
    },
    dispose(): void {
      material.dispose();
      normals.value.dispose();
      places.value.dispose();
    },
  };
}

export type NetworkMaterial = ReturnType<typeof createNetworkMaterial>;
