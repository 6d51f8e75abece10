/**
 * The distance grid, seen: sphere tracing (Hart 1996) in a fragment shader, on the back faces of the box around the surface, so that no pixel
 * beside it is asked and a camera inside the box sees too.
 *
 * A step is nine tenths of the distance, at least a third of a cell: fields of networks in the middle of a fit are no true distances, and
 * a grazing ray must get on. The sign therefore changes within a step; four rounds of regula falsi find the place. Normal and
 * curvature come from the same six neighbours: the gradient, and half the Laplacian, which is the mean curvature of a distance.
 */
import { BackSide, NodeMaterial, Vector3, type Node } from 'three/webgpu';
import { Break, cameraFar, cameraNear, cameraPosition, cameraViewMatrix, clamp, Discard, dot, float, Fn, If, Loop, max, min, normalize, positionWorld, property, uniform, vec3, vec4, viewZToPerspectiveDepth } from 'three/tsl';
import type { FieldTexture } from './field-texture';
import type { Look } from './look';

export const FULL_STEPS = 220;
export const DRAFT_STEPS = 90;

export function createFieldMaterial(look: Look, field: FieldTexture) {
  const mode = uniform(0, 'int');
  const steps = uniform(FULL_STEPS, 'int');
  const least = uniform(new Vector3(-1, -1, -1));
  const most = uniform(new Vector3(1, 1, 1));
  const colour = property('vec4', 'marchedColour') as unknown as Node<'vec4'> & { assign(value: unknown): void };

  /** Marches, leaves the colour in the property and gives the depth: the depth is asked for first. */
  const march = Fn(() => {
    const origin = cameraPosition;
    const direction = normalize(positionWorld.sub(origin)).toVar();
    const inverse = vec3(1).div(direction);
    const first = least.sub(origin).mul(inverse).toVar();
    const last = most.sub(origin).mul(inverse).toVar();
    const near = min(first, last).toVar();
    const far = max(first, last).toVar();
    const enter = max(max(near.x, near.y), max(near.z, float(0))).toVar();
    const leave = min(min(far.x, far.y), far.z).toVar();
    // The cut shortens the ray on one side.
    const slope = dot(direction, look.uniforms.cutNormal).toVar();
    const crossing = look.uniforms.cutOffset.sub(dot(origin, look.uniforms.cutNormal)).div(slope).toVar();
    If(slope.greaterThan(0), () => {
      leave.assign(min(leave, crossing));
    }).Else(() => {
      enter.assign(max(enter, crossing));
    });
    const at = enter.toVar();
    const value = field.distance(origin.add(direction.mul(at))).toVar();
    const found = float(0).toVar();
    // Where the ray begins inside, the cut has opened the surface: the slice stands there.
    If(value.greaterThan(0).and(enter.lessThan(leave)), () => {
      Loop({ start: 0, end: steps, type: 'int' }, () => {
        const stride = max(value.mul(0.9), field.cell.mul(0.33)).toVar();
        const next = at.add(stride).toVar();
        If(next.greaterThan(leave), () => {
          Break();
        });
        const there = field.distance(origin.add(direction.mul(next))).toVar();
        If(there.lessThanEqual(0), () => {
          Loop({ start: 0, end: 4, type: 'int' }, () => {
            const middle = at.add(next.sub(at).mul(clamp(value.div(value.sub(there)), 0.02, 0.98))).toVar();
            const between = field.distance(origin.add(direction.mul(middle))).toVar();
            If(between.greaterThan(0), () => {
              at.assign(middle);
              value.assign(between);
            }).Else(() => {
              next.assign(middle);
              there.assign(between);
            });
          });
          at.assign(at.add(next.sub(at).mul(clamp(value.div(value.sub(there)), 0, 1))));
          found.assign(1);
          Break();
        });
        at.assign(next);
        value.assign(there);
      });
    });
    If(found.equal(0), () => {
      Discard();
    });
    const point = origin.add(direction.mul(at)).toVar();
    const reach = field.cell.mul(1.25).toVar();
    const middle = field.distance(point).toVar();
    const tap = (x: number, y: number, z: number): Node<'float'> => field.distance(point.add(vec3(x, y, z).mul(reach))).toVar();
    const [right, left, above, below, front, behind] = [tap(1, 0, 0), tap(-1, 0, 0), tap(0, 1, 0), tap(0, -1, 0), tap(0, 0, 1), tap(0, 0, -1)];
    const gradient = vec3(right.sub(left), above.sub(below), front.sub(behind)).toVar();
    const normal = normalize(gradient.add(direction.mul(-1e-9))).toVar();
    const around = right.add(left).add(above).add(below).add(front).add(behind);
    const curvature = around.sub(middle.mul(6)).div(reach.mul(reach)).mul(0.5).toVar();
    const openness = float(1).toVar();
    If(field.occlusion.greaterThan(0), () => {
      openness.assign(field.openness(point, normal));
    });
    colour.assign(vec4(look.shade(mode as unknown as Node<'int'>, { normal, curvature, openness, error: float(0), outside: float(1) }), 1));
    return viewZToPerspectiveDepth(cameraViewMatrix.mul(vec4(point, 1)).z, cameraNear, cameraFar);
  });

  const material = new NodeMaterial();
  material.depthNode = march();
  material.fragmentNode = colour;
  material.side = BackSide;
  material.fog = false;
  return { material, mode, steps, least, most };
}

export type FieldMaterial = ReturnType<typeof createFieldMaterial>;
