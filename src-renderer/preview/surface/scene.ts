/**
 * Everything that is drawn of surfaces, as one scene of three.js: original and reconstruction, the marched field, the slice, the ground's
 * shadow. A view of the canvas shows some of it; the rest is hidden while that view is drawn.
 */
import { BoxGeometry, BufferAttribute, BufferGeometry, DataTexture, LinearFilter, Matrix4, Mesh, PerspectiveCamera, RedFormat, Scene, Vector3, type Texture } from 'three/webgpu';
import { occupiedBox } from './field-grid';
import { createFieldMaterial, DRAFT_STEPS, FULL_STEPS } from './field-material';
import { createFieldTexture } from './field-texture';
import { GROUND_CELLS, depthAxis, groundShadow } from './ground';
import { createLook, SHADE } from './look';
import { createGroundMaterial } from './materials';
import { MeshObjects } from './mesh-objects';
import { createNetworkMaterial } from './network-material';
import type { Traced } from './network-trace';
import type { TraceView } from '#engine/webgpu/trace';
import { along, basisOf, boxAround, diagonalOf, FIELD_OF_VIEW, type Box, type Camera, type UpAxis } from './orbit';
import { cutPlane, sliceSquare } from './slice';
import { createSliceMaterial } from './slice-material';
import type { DistanceGrid, Pane, SurfacePicture, SurfaceSource, SurfaceViewState } from './surface-view';

/** What a frame is drawn with. */
export interface Detail {
  /** Stand-ins of large meshes and fewer steps. */
  readonly draft: boolean;
  readonly source: Exclude<SurfaceSource, 'auto'> | null;
  /** End of the error scale in per cent of the diagonal. */
  readonly errorMaximum: number;
  readonly light: boolean;
  /** The picture of the network, where that is drawn. */
  readonly traced: Traced | null;
}

/** Steps of a ray through the network. */
const TRACE_STEPS = { full: 160, draft: 80 } as const;
/** Room around the surface in which rays ask the network: a decoded surface may lie a little outside of the original. */
const TRACE_ROOM = 0.06;

const CUBE: Box = { least: [-1, -1, -1], most: [1, 1, 1] };

/** Square of the slice and the ground: u, v in [0, 1]. */
function square(): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(new Float32Array([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]), 3));
  geometry.setAttribute('uv', new BufferAttribute(new Float32Array([0, 0, 1, 0, 1, 1, 0, 1]), 2));
  geometry.setIndex([0, 1, 2, 0, 2, 3]);
  return geometry;
}

function groundTexture(): DataTexture {
  const result = new DataTexture(new Uint8Array(GROUND_CELLS ** 2), GROUND_CELLS, GROUND_CELLS, RedFormat);
  result.minFilter = LinearFilter;
  result.magFilter = LinearFilter;
  result.unpackAlignment = 1;
  result.needsUpdate = true;
  return result;
}

export class SurfaceScene {
  /** There is a network to be traced. */
  hasNetwork = false;
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera((FIELD_OF_VIEW * 180) / Math.PI, 1, 0.01, 20);
  readonly #look = createLook();
  readonly #distances = createFieldTexture();
  readonly #original = new MeshObjects(this.scene, this.#look, this.#distances);
  readonly #reconstruction = new MeshObjects(this.scene, this.#look, this.#distances);
  readonly #march = createFieldMaterial(this.#look, this.#distances);
  readonly #marched = new Mesh(new BoxGeometry(2, 2, 2), this.#march.material);
  readonly #slicing = createSliceMaterial(this.#distances);
  readonly #slice = new Mesh(square(), this.#slicing.material);
  readonly #shadow = groundTexture();
  readonly #grounding = createGroundMaterial(this.#shadow as Texture);
  readonly #ground = new Mesh(square(), this.#grounding.material);
  readonly #tracing = createNetworkMaterial(this.#look);
  readonly #traced = new Mesh(square(), this.#tracing.material);
  #grid: DistanceGrid | null = null;
  #occupied: Box | null = null;
  #shadowOf: { picture: SurfacePicture; up: UpAxis } | null = null;

  constructor() {
    this.camera.matrixAutoUpdate = false;
    for (const [order, object] of [this.#ground, this.#marched, this.#traced, this.#slice].entries()) {
      object.frustumCulled = false;
      object.visible = false;
      object.renderOrder = order;
      this.scene.add(object);
    }
    this.#slice.renderOrder = 10;
    this.#ground.matrixAutoUpdate = false;
  }

  get original(): SurfacePicture | null {
    return this.#original.picture;
  }

  get reconstruction(): SurfacePicture | null {
    return this.#reconstruction.picture;
  }

  get grid(): DistanceGrid | null {
    return this.#grid;
  }

  /** Box around what is looked at: the original's, else the reconstruction's, else that of the field. Null of nothing. */
  get box(): Box | null {
    const picture = this.original ?? this.reconstruction;
    return picture ? boxAround(picture.mesh.positions) : this.#grid ? (this.#occupied ?? CUBE) : this.hasNetwork ? CUBE : null;
  }

  setOriginal(picture: SurfacePicture | null): void {
    this.#original.set(picture);
  }

  setReconstruction(picture: SurfacePicture | null): void {
    this.#reconstruction.set(picture);
  }

  setField(grid: DistanceGrid | null): void {
    this.#grid = grid;
    if (!grid) return;
    this.#distances.set(grid);
    this.#occupied = occupiedBox(grid);
    const { least, most } = this.#occupied ?? { least: [0, 0, 0], most: [0, 0, 0] };
    this.#march.least.value.set(...(least as [number, number, number]));
    this.#march.most.value.set(...(most as [number, number, number]));
    this.#marched.position.set((least[0] + most[0]) / 2, (least[1] + most[1]) / 2, (least[2] + most[2]) / 2);
    this.#marched.scale.set(Math.max(1e-6, most[0] - least[0]) / 2, Math.max(1e-6, most[1] - least[1]) / 2, Math.max(1e-6, most[2] - least[2]) / 2);
  }

  /** Puts the camera where the state has it, for views of that width over height. */
  aim(camera: Camera, up: UpAxis, aspect: number): void {
    const { right, up: upward, toward, eye } = basisOf(camera, up);
    const basis = new Matrix4().makeBasis(new Vector3(...right), new Vector3(...upward), new Vector3(...toward));
    this.camera.matrix.copy(basis).setPosition(...eye);
    this.camera.matrixWorldNeedsUpdate = true;
    const outermost = Math.hypot(...eye) + 2;
    this.camera.near = Math.max(camera.distance * 0.02, Math.hypot(...eye) - 2);
    this.camera.far = outermost;
    this.camera.aspect = aspect;
    this.camera.updateProjectionMatrix();
  }

  /** The network's view of a camera, for pictures of that width over height. */
  traceView({ camera, up, slice, occlusion }: SurfaceViewState, aspect: number, draft: boolean): TraceView {
    const basis = basisOf(camera, up);
    const tangent = Math.tan(FIELD_OF_VIEW / 2);
    const around = this.box ?? CUBE;
    const zero = [0, 0, 0] as const;
    return {
      eye: basis.eye,
      right: along(zero, basis.right, tangent * aspect),
      up: along(zero, basis.up, tangent),
      forward: along(zero, basis.toward, -1),
      least: around.least.map((value) => Math.max(-1, value - TRACE_ROOM)),
      most: around.most.map((value) => Math.min(1, value + TRACE_ROOM)),
      cut: this.#grid ? cutPlane(slice) : null,
      steps: TRACE_STEPS[draft ? 'draft' : 'full'],
      occlusion: occlusion && !draft,
    };
  }

  /** Shows what belongs into a view. */
  arrange(pane: Pane, state: SurfaceViewState, { draft, source, errorMaximum, light, traced }: Detail): void {
    for (const object of [this.#marched, this.#traced, this.#slice, this.#ground]) object.visible = false;
    this.#original.hide();
    this.#reconstruction.hide();
    const box = this.box;
    if (!box) return;
    const { uniforms } = this.#look;
    const plane = this.#grid ? cutPlane(state.slice) : null;
    uniforms.cutNormal.value.set(...((plane?.normal ?? [0, 0, 1]) as [number, number, number]));
    uniforms.cutOffset.value = plane?.offset ?? 1e9;
    const diagonal = diagonalOf(box);
    uniforms.bend.value = 24 / diagonal;
    uniforms.gain.value = 100 / (errorMaximum * diagonal);
    this.#look.setMatcap(state.matcap);
    this.#distances.occlusion.value = state.occlusion && this.#grid && !draft ? 1 : 0;
    const looks = { mode: SHADE[pane.shows === 'error' ? 'error' : state.shading], flat: state.flat, wireframe: state.wireframe, cut: plane !== null, draft };
    if (pane.shows === 'original') this.#original.show(looks);
    else if (pane.shows === 'error' || source === 'mesh') this.#reconstruction.show(looks);
    else if (source === 'field' && this.#occupied) {
      this.#march.mode.value = looks.mode;
      this.#march.steps.value = draft ? DRAFT_STEPS : FULL_STEPS;
      this.#marched.visible = true;
    } else if (source === 'network' && traced) {
      this.#tracing.set(traced.pictures);
      this.#tracing.mode.value = looks.mode;
      for (const name of ['right', 'up', 'forward'] as const) this.#tracing[name].value.set(...(traced.view[name] as [number, number, number]));
      this.#traced.visible = true;
    }
    if (state.slice.shown && this.#grid) this.#cross(state, light);
    if (state.ground && !plane) this.#rest(box, state.up, light);
  }

  dispose(): void {
    this.#original.dispose();
    this.#reconstruction.dispose();
    this.#march.material.dispose();
    this.#tracing.dispose();
    this.#slicing.dispose();
    this.#grounding.material.dispose();
    this.#shadow.dispose();
    this.#distances.dispose();
    this.#look.dispose();
    for (const { geometry } of [this.#marched, this.#traced, this.#slice, this.#ground]) geometry.dispose();
  }

  #cross({ slice }: SurfaceViewState, light: boolean): void {
    const { corner, first, second } = sliceSquare(slice);
    this.#slicing.corner.value.set(...(corner as [number, number, number]));
    this.#slicing.first.value.set(...(first as [number, number, number]));
    this.#slicing.second.value.set(...(second as [number, number, number]));
    this.#slicing.veil.value = light ? 0.3 : 0.12;
    this.#slice.visible = true;
  }

  #rest(box: Box, up: UpAxis, light: boolean): void {
    const picture = this.original ?? this.reconstruction;
    if (!picture) return;
    if (this.#shadowOf?.picture !== picture || this.#shadowOf.up !== up) {
      const { cells, middle, half, level } = groundShadow(picture.mesh, box, up);
      this.#shadow.image.data = cells;
      this.#shadow.needsUpdate = true;
      // u runs along x, v along the other axis of the ground.
      const deep = depthAxis(up);
      const columns = [new Vector3(2 * half, 0, 0), new Vector3(...([0, 1, 2].map((axis) => (axis === deep ? 2 * half : 0)) as [number, number, number])), new Vector3(...([0, 1, 2].map((axis) => (axis !== 0 && axis !== deep ? 1 : 0)) as [number, number, number]))] as const;
      const height = level - 0.004 * diagonalOf(box);
      this.#ground.matrix.makeBasis(...columns).setPosition(middle[0] - half, up === 'y' ? height : middle[1] - half, up === 'y' ? middle[1] - half : height);
      this.#ground.matrixWorldNeedsUpdate = true;
      this.#shadowOf = { picture, up };
    }
    this.#grounding.strength.value = light ? 0.42 : 0.75;
    // From below the ground would hide what stands on it.
    this.#ground.visible = this.camera.matrix.elements[up === 'y' ? 13 : 14]! > box.least[up === 'y' ? 1 : 2];
  }
}
