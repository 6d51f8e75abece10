/**
 * How the zero surface passes through one cell of a grid: marching cubes (Lorensen and Cline 1987) with the faces decided by the asymptotic
 * decider (Nielson and Hamann 1991), so that neighbours always agree, and triangles that no neighbour can repeat.
 *
 * A crossing is a point on an edge of the cell whose ends differ in sign. On a face with two crossings one segment joins them. On a face with
 * four (inside corners opposite of each other) there are two segments: the bilinear interpolant of the face joins the inside corners where its
 * saddle is inside, that is where f0 f2 > f1 f3 for inside corners 0 and 2, else the outside ones. That depends on the face alone, so both its
 * cells see the same segments. Every crossing is on two faces of the cell, so the segments close to loops; directed so that the inside is on
 * their left, seen from outside of the cell, the loops run counter-clockwise seen from the outside of the surface.
 *
 * A loop becomes triangles by diagonals of which none lies in a face of the cell. Where a loop has no such triangulation, it is a fan about an
 * additional vertex inside of the cell. So an edge of a triangle is either a segment of a face, which has one triangle in each of two cells, or
 * belongs to two triangles of one cell: the surface is closed, and around every vertex there is one ring of triangles. It is a manifold.
 *
 * Corner c of a cell is at (c & 1, c >> 1 & 1, c >> 2). Edge 4 a + k runs along axis a; k holds the bits of the other two axes, lower axis first.
 * Face 2 a + s is at s along axis a.
 */

/** Corners of face 2 a + s, counter-clockwise seen from outside of the cell. */
export const FACE_CORNERS: readonly (readonly [number, number, number, number])[] = Array.from({ length: 6 }, (_, face) => {
  const [axis, side] = [face >> 1, face & 1];
  const [u, v] = [1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3)];
  const base = side << axis;
  return side === 1 ? [base, base + u, base + u + v, base + v] : [base, base + v, base + u + v, base + u];
});

/** The edge between two neighbouring corners. */
function edgeBetween(a: number, b: number): number {
  const axis = Math.log2(a ^ b);
  const rest = a & b;
  const [low, high] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
  return 4 * axis + ((rest >> low) & 1) + 2 * ((rest >> high) & 1);
}

/** The lower corner of each edge. */
export const EDGE_CORNER: readonly number[] = Array.from({ length: 12 }, (_, edge) => {
  const [low, high] = [0, 1, 2].filter((axis) => axis !== edge >> 2) as [number, number];
  return ((edge & 1) << low) | (((edge >> 1) & 1) << high);
});

/** Bit f is set for each face f that an edge lies in. */
const EDGE_FACES: readonly number[] = Array.from({ length: 12 }, (_, edge) => FACE_CORNERS.reduce((faces, corners, face) => (corners.some((corner, i) => edgeBetween(corner, corners[(i + 1) % 4]!) === edge) ? faces | (1 << face) : faces), 0));

/** The surface in a cell. */
export interface CellCase {
  /** Three vertices a triangle: 0 ... 11 a crossing on that edge, 12 + i the additional vertex of loop i of `fans`. */
  readonly triangles: Uint8Array;
  /** Loops that have an additional vertex, each as the edges of its crossings. */
  readonly fans: readonly Uint8Array[];
}

/** Which faces of a case have four crossings, as bits. */
export const AMBIGUOUS: Uint8Array = Uint8Array.from({ length: 256 }, (_, signs) => {
  const inside = (corner: number): number => (signs >> corner) & 1;
  return FACE_CORNERS.reduce((faces, [a, b, c, d], face) => (inside(a) === inside(c) && inside(b) === inside(d) && inside(a) !== inside(b) ? faces | (1 << face) : faces), 0);
});

const cases = new Array<CellCase | undefined>(256 * 64);

/**
 * The surface in a cell whose corner c is inside where bit c of `signs` is set. `joined`: bits of the ambiguous faces whose inside corners hang
 * together; bits of other faces must be 0.
 */
export function cellCase(signs: number, joined: number): CellCase {
  return (cases[signs | (joined << 8)] ??= makeCase(signs, joined));
}

function makeCase(signs: number, joined: number): CellCase {
  const inside = (corner: number): boolean => ((signs >> corner) & 1) === 1;
  const next = new Map<number, number>();
  FACE_CORNERS.forEach((corners, face) => {
    const entering: number[] = [];
    const leaving: number[] = [];
    // From an outside corner on, so that the two lists pair up.
    const start = corners.findIndex((corner) => !inside(corner));
    for (let i = 0; i < 4 && start >= 0; i++) {
      const [a, b] = [corners[(start + i) % 4]!, corners[(start + i + 1) % 4]!];
      if (inside(a) !== inside(b)) (inside(b) ? entering : leaving).push(edgeBetween(a, b));
    }
    const shift = (joined >> face) & 1;
    entering.forEach((edge, i) => next.set(edge, leaving[(i + shift) % leaving.length]!));
  });
  const triangles: number[] = [];
  const fans: Uint8Array[] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    for (let edge = next.keys().next().value!; next.has(edge); ) {
      loop.push(edge);
      const following = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    const cut = triangulate(loop);
    if (cut !== null) triangles.push(...cut);
    else {
      loop.forEach((edge, i) => triangles.push(edge, loop[(i + 1) % loop.length]!, 12 + fans.length));
      fans.push(Uint8Array.from(loop));
    }
  }
  return { triangles: Uint8Array.from(triangles), fans };
}

/** Triangles of a loop whose diagonals lie in no face; null where there are none. */
function triangulate(loop: readonly number[]): number[] | null {
  if (loop.length === 3) return [...loop];
  const [first, last] = [loop[0]!, loop.at(-1)!];
  // The triangle on the side from last to first has one of the others as its tip; what is left on either side is a smaller loop.
  for (let tip = 1; tip < loop.length - 1; tip++) {
    const left = tip === 1 ? [] : free(first, loop[tip]!) ? triangulate(loop.slice(0, tip + 1)) : null;
    const right = tip === loop.length - 2 ? [] : free(loop[tip]!, last) ? triangulate(loop.slice(tip)) : null;
    if (left && right) return [...left, first, loop[tip]!, last, ...right];
  }
  return null;
}

/** Whether two crossings have no face in common. */
function free(a: number, b: number): boolean {
  return (EDGE_FACES[a]! & EDGE_FACES[b]!) === 0;
}
