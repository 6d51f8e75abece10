/** A mesh file becomes a signal: read, repaired, looked at, and what was found is said in words. */
import { SURFACE_DEFAULTS } from '#core/fit/config';
import { triangleCount, vertexCount, type Mesh } from '#core/signal/mesh';
import { cleanMesh } from '#core/signal/mesh-repair';
import { meshDomain, type SurfaceSignal } from '#core/signal/surface';
import { readMesh } from '../formats/mesh';
import type { Ingested, IngestOptions } from './ingest';

const count = (n: number, one: string, many = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** A mesh, cleaned and looked at. Throws StudioError 'input' as cleanMesh does. */
export function surfaceOf(given: Mesh, name: string): { signal: SurfaceSignal; notes: string[] } {
  const { mesh, report } = cleanMesh(given, name);
  const told: readonly (readonly [number, string])[] = [
    [report.outOfRange, `${count(report.outOfRange, 'triangle')} with vertices that are not there left out`],
    [report.nonFiniteVertices, `${count(report.nonFiniteVertices, 'vertex', 'vertices')} with coordinates that are no numbers left out, and ${count(report.nonFiniteTriangles, 'triangle')} with ${report.nonFiniteVertices === 1 ? 'it' : 'them'}`],
    [report.degenerate, `${count(report.degenerate, 'triangle')} without area left out`],
    [report.duplicate, `${count(report.duplicate, 'doubled triangle')} left out`],
    [report.nonManifoldEdges, count(report.nonManifoldEdges, 'edge of more than two triangles', 'edges of more than two triangles')],
    [report.boundaryEdges, count(report.boundaryEdges, 'open edge')],
    [report.oriented ? 0 : 1, 'neighbouring triangles face opposite ways, so parts that should be inside may count as outside'],
  ];
  const facts = { vertices: vertexCount(mesh), triangles: triangleCount(mesh), truncation: SURFACE_DEFAULTS.truncation };
  const metadata = { domain: meshDomain(mesh), mode: 'signed', thickness: 0, ...facts } as const;
  return { signal: { kind: 'surface', mesh, metadata, watertight: report.watertight }, notes: told.filter(([many]) => many > 0).map(([, words]) => words) };
}

/** Reads a mesh file of any format. Throws StudioError 'input' that names it. */
export async function readSurface(bytes: Uint8Array, name: string, { companion }: IngestOptions): Promise<Ingested> {
  const { mesh, format, notes } = await readMesh(bytes, name, companion ? { companion } : {});
  const surface = surfaceOf(mesh, name);
  return { signal: surface.signal, format, notes: [...notes, ...surface.notes] };
}
