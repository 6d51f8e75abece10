/** A picture's mesh as three's objects: faces, edges once they are asked for, and a stand-in for slow renderers. */
import { BufferAttribute, BufferGeometry, LineSegments, Mesh, type Material, type Object3D } from 'three/webgpu';
import type { FieldTexture } from './field-texture';
import { clusteredMesh, DRAFT_CELLS, DRAFT_FROM, enclosedVolume, meshEdges, vertexCurvature, vertexNormals } from './geometry';
import type { Look } from './look';
import { createMeshMaterial, createWireMaterial } from './materials';
import type { SurfaceMesh, SurfacePicture } from './surface-view';

/** What is drawn: `cull` is off, since cameras stand close and boxes are cheap to miss. */
function placed<T extends Object3D>(object: T): T {
  object.frustumCulled = false;
  object.matrixAutoUpdate = false;
  object.visible = false;
  return object;
}

function geometryOf(mesh: SurfaceMesh, errors: Float32Array | null): BufferGeometry {
  const vertices = mesh.positions.length / 3;
  const normals = mesh.normals && mesh.normals.length === mesh.positions.length ? mesh.normals : vertexNormals(mesh);
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(mesh.positions, 3));
  geometry.setAttribute('normal', new BufferAttribute(normals, 3));
  geometry.setAttribute('curvature', new BufferAttribute(vertexCurvature(mesh, normals), 1));
  geometry.setAttribute('error', new BufferAttribute(errors && errors.length === vertices ? errors : new Float32Array(vertices), 1));
  geometry.setIndex(new BufferAttribute(mesh.indices, 1));
  return geometry;
}

export interface MeshLooks {
  readonly mode: number;
  readonly flat: boolean;
  readonly wireframe: boolean;
  /** Something of the surface is cut away. */
  readonly cut: boolean;
  /** Draws the stand-in, where the mesh is large. */
  readonly draft: boolean;
}

export class MeshObjects {
  readonly #faces: ReturnType<typeof createMeshMaterial>;
  readonly #wire: ReturnType<typeof createWireMaterial>;
  #mesh: Mesh | null = null;
  #draft: Mesh | null = null;
  #edges: LineSegments | null = null;
  #picture: SurfacePicture | null = null;
  /** Closed, and faces outwards. */
  #solid = false;

  constructor(
    private readonly parent: Object3D,
    look: Look,
    field: FieldTexture,
  ) {
    this.#faces = createMeshMaterial(look, field);
    this.#wire = createWireMaterial(look);
  }

  get picture(): SurfacePicture | null {
    return this.#picture;
  }

  /** Takes another picture, or none. Meshes without triangles count as none. */
  set(picture: SurfacePicture | null): void {
    this.#clear();
    this.#picture = picture && picture.mesh.indices.length >= 3 ? picture : null;
    if (!this.#picture) return;
    this.#solid = this.#picture.watertight === true && enclosedVolume(this.#picture.mesh) > 0;
    this.#mesh = this.#add(new Mesh(geometryOf(this.#picture.mesh, this.#picture.errors ?? null), this.#faces.material));
  }

  setInk(light: boolean): void {
    this.#wire.strength.value = light ? 0.5 : 0.42;
  }

  show(looks: MeshLooks): void {
    if (!this.#picture) return;
    this.#faces.mode.value = looks.mode;
    this.#faces.flat.value = looks.flat ? 1 : 0;
    this.#faces.solid.value = this.#solid && !looks.cut ? 1 : 0;
    const { mesh } = this.#picture;
    const draft = looks.draft && mesh.indices.length / 3 >= DRAFT_FROM;
    // Built at the first motion of a mesh that needs it.
    if (draft) this.#draft ??= this.#add(new Mesh(geometryOf(clusteredMesh(mesh, DRAFT_CELLS), null), this.#faces.material));
    if (looks.wireframe && !draft) this.#edges ??= this.#wires(mesh);
    const shown = draft ? this.#draft : this.#mesh;
    if (shown) shown.visible = true;
    if (looks.wireframe && !draft && this.#edges) this.#edges.visible = true;
  }

  hide(): void {
    for (const object of [this.#mesh, this.#draft, this.#edges]) if (object) object.visible = false;
  }

  dispose(): void {
    this.#clear();
    this.#faces.material.dispose();
    this.#wire.material.dispose();
  }

  #wires(mesh: SurfaceMesh): LineSegments {
    const geometry = new BufferGeometry();
    geometry.setAttribute('position', new BufferAttribute(mesh.positions, 3));
    geometry.setIndex(new BufferAttribute(meshEdges(mesh.indices, mesh.positions.length / 3), 1));
    return this.#add(new LineSegments(geometry, this.#wire.material as Material));
  }

  #add<T extends Mesh | LineSegments>(object: T): T {
    this.parent.add(placed(object));
    return object;
  }

  #clear(): void {
    for (const object of [this.#mesh, this.#draft, this.#edges]) {
      object?.removeFromParent();
      object?.geometry.dispose();
    }
    this.#mesh = this.#draft = this.#edges = null;
  }
}
