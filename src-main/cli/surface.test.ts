/** Meshes on the command line, from the file to what its .inr says: closed, open, damaged; bound by steps, time, bytes and quality; interrupted. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFile } from '#core/coding/file';
import { boundsOf } from '#core/signal/mesh';
import { topologyOf } from '#core/signal/mesh-topology';
import { readMesh, writeMesh } from '../formats/mesh';
import { runCommandLine } from './program';
import { sheet, twoRings } from './test-surfaces';
import { testTerminal, type TestTerminal } from './test-terminal';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inr-surface-'));
  await writeFile(at('rings.ply'), await writeMesh(await twoRings(40, 1000), 'ply'));
  await writeFile(at('sheet.obj'), await writeMesh(sheet(), 'obj'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SMALL = ['--preset', 'surface-small', '--width', '16', '--batch', '1024', '--surface-points', '16384', '--device', 'cpu', '--threads', '1'];

async function inr(terminal: TestTerminal, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const code = await runCommandLine(args, terminal);
  return { code, out: terminal.stdout(), err: terminal.stderr() };
}
const fit = (input: string, output: string, ...more: string[]) => inr(testTerminal(), 'fit', at(input), '-o', at(output), ...SMALL, ...more);

describe('inr fit of a mesh', () => {
  it('writes a file that holds its place, mode and counts, and decodes to its distances', async () => {
    const { code, out, err } = await fit('rings.ply', 'rings.inr', '--steps', '400');
    expect(err).toMatch(/sampling the surface/);
    expect(err).toMatch(/rings\.ply: a solid made from [\d,]+ vertices and [\d,]+ triangles; /);
    expect(err).not.toContain('watertight');
    expect([code, out]).toEqual([0, expect.stringMatching(/bits per vertex/)]);
    const { header, provenance } = decodeFile(new Uint8Array(await readFile(at('rings.inr'))));
    const bounds = boundsOf(await twoRings(40, 1000))!;
    if (header.kind !== 'surface') throw new Error(header.kind);
    expect(header.metadata).toMatchObject({ mode: 'signed', thickness: 0, truncation: 0.05 });
    expect(header.metadata.domain.center[0]).toBeCloseTo((bounds.least[0] + bounds.most[0]) / 2, 3);
    expect(header.metadata.domain.halfExtent).toBeCloseTo((1.1 * (bounds.most[0] - bounds.least[0])) / 2, 3);
    expect(provenance?.config).toMatchObject({ surface: { points: 16384 } });
    // Better than all outside, which is what a fit that learned nothing would be.
    expect(Number(/(\d+\.\d+) dB\n/.exec(out)?.[1])).toBeGreaterThan(12);

    const told = await inr(testTerminal(), 'info', at('rings.inr'));
    expect([told.code, told.out]).toEqual([0, expect.stringMatching(/surface +a solid made from [\d,]+ vertices/)]);
    expect((await inr(testTerminal(), 'validate', at('rings.inr'))).code).toBe(0);
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const files = [];
    for (const [name, seed] of [['one', '5'], ['two', '5'], ['three', '6']] as const) {
      expect((await fit('rings.ply', `${name}.inr`, '--steps', '20', '--seed', seed, '--quiet')).code).toBe(0);
      files.push(await readFile(at(`${name}.inr`)));
    }
    expect(files[1]!.equals(files[0]!)).toBe(true);
    expect(files[2]!.equals(files[0]!)).toBe(false);
  });

  it('makes a sheet of an open mesh, and says that it is open', async () => {
    const { code, err } = await fit('sheet.obj', 'sheet.inr', '--steps', '30', '--thickness', '0.05');
    expect(code).toBe(0);
    expect(err).toMatch(/sheet\.obj: 48 open edges/);
    expect(err).toMatch(/sheet\.obj: sheets made from 169 vertices and 288 triangles, not watertight; /);
    const { header } = decodeFile(new Uint8Array(await readFile(at('sheet.inr'))));
    expect(header.metadata).toMatchObject({ mode: 'thickness', thickness: 0.05 });
  });

  it('keeps to bytes, to seconds and to a quality', async () => {
    expect((await fit('rings.ply', 'bytes.inr', '--steps', '20', '--target-bytes', '2k')).code).toBe(0);
    const { size } = await stat(at('bytes.inr'));
    expect(size).toBeLessThanOrEqual(2000);
    expect(size).toBeGreaterThan(1200);
    const timed = await fit('rings.ply', 'timed.inr', '--seconds', '0.3', '--json');
    expect(timed.code).toBe(0);
    const { seconds, steps } = JSON.parse(timed.out) as { seconds: number; steps: number };
    expect(seconds).toBeGreaterThan(0.2);
    expect(steps).toBeGreaterThan(0);
    const good = await fit('rings.ply', 'good.inr', '--steps', '100000', '--target-psnr', '14', '--json');
    expect(JSON.parse(good.out)).toMatchObject({ targetReached: true });
  });

  it('goes on after Ctrl-C to the same file as without', async () => {
    const straight = await fit('rings.ply', 'straight.inr', '--steps', '300');
    expect(straight.code).toBe(0);
    const terminal = testTerminal();
    const interrupted = await inr(
      { ...terminal, columns: 120, err: (text) => (terminal.err(text), /[1-9]\d*\/300 steps/.test(text) && terminal.cancel()) } as TestTerminal,
      'fit', at('rings.ply'), '-o', at('resumed.inr'), ...SMALL, '--steps', '300',
    );
    expect(interrupted.code).toBe(130);
    expect(interrupted.err).toMatch(/Cancelled at step \d+/);
    const resumed = await fit('rings.ply', 'resumed.inr', '--steps', '300', '--resume');
    expect([resumed.code, resumed.err]).toEqual([0, expect.stringMatching(/going on from step/)]);
    expect((await readFile(at('resumed.inr'))).equals(await readFile(at('straight.inr')))).toBe(true);
    const other = testTerminal();
    await writeFile(at('resumed.inr.checkpoint'), 'x');
    expect((await inr(other, 'fit', at('rings.ply'), '-o', at('resumed.inr'), ...SMALL, '--resume')).code).toBe(3);
  });

  it('hears Ctrl-C while the points are drawn', async () => {
    const terminal = testTerminal();
    const { code, err } = await inr({ ...terminal, err: (text) => (terminal.err(text), /sampling the surface/.test(text) && terminal.cancel()) } as TestTerminal, 'fit', at('rings.ply'), '-o', at('never.inr'), ...SMALL);
    expect([code, err]).toEqual([130, expect.not.stringContaining('seed')]);
    await expect(stat(at('never.inr'))).rejects.toThrow();
  });

  it('refuses draws that need neighbours before it fits', async () => {
    const { code, err } = await fit('rings.ply', 'never.inr', '--sampling', 'stratified');
    expect([code, err]).toEqual([2, expect.stringMatching(/choose uniform sampling/)]);
  });
});

describe('the mesh of a file', () => {
  beforeAll(async () => {
    expect((await fit('rings.ply', 'mesh.inr', '--steps', '400', '--quiet')).code).toBe(0);
  });

  it('is written in every format, closed, where the original lies, and the same for any number of threads', async () => {
    const original = boundsOf(await twoRings(40, 1000))!;
    const counts = new Set<string>();
    for (const extension of ['glb', 'obj', 'ply', 'stl']) {
      const { code, out } = await inr(testTerminal(), 'decode', at('mesh.inr'), '-o', at(`mesh.${extension}`), '--resolution', '40', '--json', '--threads', extension === 'obj' ? '2' : '1');
      expect(code).toBe(0);
      const { vertices, triangles, watertight, sha256 } = JSON.parse(out) as { vertices: number; triangles: number; watertight: boolean; sha256: string };
      const bytes = new Uint8Array(await readFile(at(`mesh.${extension}`)));
      const { mesh } = await readMesh(bytes, `mesh.${extension}`);
      expect([watertight, sha256, mesh.indices.length]).toEqual([true, decodeFile(new Uint8Array(await readFile(at('mesh.inr')))).sha256, 3 * triangles]);
      if (extension !== 'stl') expect([mesh.positions.length, topologyOf(mesh.indices, vertices).watertight]).toEqual([3 * vertices, true]);
      counts.add(`${vertices} ${triangles}`);
      // 400 steps of a small network leave more than the rings, but most of it is they, and all of it lies in the cube around them.
      for (let axis = 0; axis < 3; axis++) {
        const places = mesh.positions.filter((_, i) => i % 3 === axis);
        const middle = (original.least[axis]! + original.most[axis]!) / 2;
        expect(Math.abs(places.reduce((sum, value) => sum + value, 0) / places.length - middle)).toBeLessThan(10);
        expect(places.every((value) => Math.abs(value - middle) < 1.11 * 0.5 * (original.most[0] - original.least[0]))).toBe(true);
        expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(0.7 * (original.most[axis]! - original.least[axis]!));
      }
    }
    expect(counts.size).toBe(1);
    const coarse = await readMesh(new Uint8Array(await readFile(at('mesh.ply'))), 'mesh.ply');
    expect((await inr(testTerminal(), 'decode', at('mesh.inr'), '-o', at('again.ply'), '--resolution', '40', '--threads', '3')).code).toBe(0);
    expect((await readFile(at('again.ply'))).equals(await readFile(at('mesh.ply')))).toBe(true);
    expect((await inr(testTerminal(), 'decode', at('mesh.inr'), '-o', at('fine.ply'), '--resolution', '80')).code).toBe(0);
    const fine = await readMesh(new Uint8Array(await readFile(at('fine.ply'))), 'fine.ply');
    expect(fine.mesh.indices.length).toBeGreaterThan(3 * coarse.mesh.indices.length);
  });

  it('is measured against the original, and less like another', async () => {
    const told = async (reference: string): Promise<Record<string, number>> => {
      const { code, out } = await inr(testTerminal(), 'eval', at('mesh.inr'), at(reference), '--resolution', '48', '--samples', '5000', '--json');
      expect(code).toBe(0);
      return JSON.parse(out) as Record<string, number>;
    };
    const mine = await told('rings.ply');
    expect(mine).toMatchObject({ kind: 'surface', samples: 5000, resolution: 48, openEdges: 0 });
    expect(mine.iou).toBeGreaterThan(0.5);
    expect(mine.hausdorff).toBe(Math.max(mine.hausdorffFromOriginal!, mine.hausdorffFromDecoded!));
    expect(mine.hausdorff).toBeGreaterThan(mine.chamferL1!);
    await writeFile(at('moved.ply'), await writeMesh(await twoRings(40, 1008), 'ply'));
    const other = await told('moved.ply');
    expect(other.chamferL1).toBeGreaterThan(mine.chamferL1!);
    expect(other.iou).toBeLessThan(mine.iou!);
    const words = await inr(testTerminal(), 'eval', at('mesh.inr'), at('rings.ply'), '--resolution', '48', '--samples', '5000');
    expect([words.code, words.out]).toEqual([0, expect.stringMatching(/bits per vertex[^]*Chamfer L1[^]*Hausdorff[^]*normals[^]*F-score at 1 %[^]*IoU[^]*5,000 points on each/)]);
  });

  it('stands beside Draco at its own bytes', async () => {
    const { code, out } = await inr(testTerminal(), 'compare', at('rings.ply'), '--inr', at('mesh.inr'), '--json', '--resolution', '48', '--samples', '5000');
    expect(code).toBe(0);
    const { rows } = JSON.parse(out) as { rows: { codec: string; qp: number | null; bytes: number; chamferL1: number }[] };
    expect(rows[0]).toMatchObject({ codec: 'inr', qp: null, bytes: (await stat(at('mesh.inr'))).size });
    const draco = rows.filter(({ codec }) => codec === 'draco');
    expect(draco.slice(-3).map(({ qp }) => qp)).toEqual([8, 10, 12]);
    if (draco.length > 3) expect(draco[0]!.bytes).toBeLessThanOrEqual(rows[0]!.bytes);
    const [coarse, , fine] = draco.slice(-3);
    expect(fine!.chamferL1).toBeLessThan(coarse!.chamferL1);
    const tiny = await inr(testTerminal(), 'compare', at('rings.ply'), '--bytes', '20', '--samples', '2000');
    expect([tiny.code, tiny.out]).toEqual([0, expect.stringMatching(/does not get down to/)]);
    expect((await inr(testTerminal(), 'compare', at('rings.ply'), '--psnr', '30')).code).toBe(2);
    expect((await inr(testTerminal(), 'compare', at('rings.ply'), '--codecs', 'jpeg')).code).toBe(2);
  });

  it('is refused where it cannot be', async () => {
    const refused = async (code: number, words: RegExp, ...args: string[]): Promise<void> => {
      const told = await inr(testTerminal(), ...args);
      expect([told.code, told.err]).toEqual([code, expect.stringMatching(words)]);
    };
    await refused(2, /not written as \.png.*\.glb, \.obj, \.ply, \.stl/, 'decode', at('mesh.inr'), '-o', at('no.png'));
    await refused(2, /4 to 1024/, 'decode', at('mesh.inr'), '-o', at('no.glb'), '--resolution', '5000');
    const damaged = new Uint8Array(await readFile(at('mesh.inr')));
    damaged[damaged.length >> 1]! ^= 64;
    await writeFile(at('damaged.inr'), damaged);
    await refused(4, /damaged\.inr/, 'decode', at('damaged.inr'), '-o', at('no.glb'));
    await expect(stat(at('no.glb'))).rejects.toThrow();
    const terminal = testTerminal();
    const cancelled = await inr({ ...terminal, columns: 120, err: (text) => (terminal.err(text), /extracting/.test(text) && terminal.cancel()) } as TestTerminal, 'decode', at('mesh.inr'), '-o', at('no.glb'), '--resolution', '200');
    expect(cancelled.code).toBe(130);
    await expect(stat(at('no.glb'))).rejects.toThrow();
  });
});

describe('bad meshes', () => {
  const triangle = 'v 0 0 0\nv 1 0 0\nv 0 1 0\n';
  it.each([
    ['cloud.obj', triangle, 3, /point cloud/],
    ['far.obj', `${triangle}v 1e30 0 0\nf 1 2 4\n`, 3, /1\.00e\+30.*Scale the mesh/],
    ['wrong.obj', `${triangle}f 1 2 9\n`, 3, /wrong\.obj/],
    ['flat.obj', 'v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n', 3, /without area/],
    ['empty.stl', '', 3, /empty/],
    ['cut.ply', 'ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\n', 3, /cut\.ply/],
    ['lies.obj', '\u0000\u0001 not a mesh', 3, /lies\.obj/],
  ])('%s: says what is wrong', async (name, text, code, words) => {
    await writeFile(at(name), text);
    const told = await fit(name, 'bad.inr', '--steps', '2');
    expect([told.code, told.err]).toEqual([code, expect.stringMatching(words)]);
  });

  it('leaves out what has no place and says so', async () => {
    const { positions, indices } = await twoRings();
    const broken = { positions: Float64Array.of(...positions, NaN, 0, 0), indices: Uint32Array.of(...indices, 0, 1, positions.length / 3, 5, 5, 6, ...indices.subarray(0, 3)) };
    await writeFile(at('broken.stl'), await writeMesh(broken, 'stl'));
    const { code, err } = await fit('broken.stl', 'broken.inr', '--steps', '2');
    expect(code).toBe(0);
    expect(err).toMatch(/1 vertex with coordinates that are no numbers left out, and 1 triangle with it/);
    expect(err).toMatch(/1 triangle without area left out/);
    expect(err).toMatch(/1 doubled triangle left out/);
    expect(err).toMatch(/broken\.stl: a solid made from [\d,]+ vertices and [\d,]+ triangles; /);
  });
});
