/**
 * The sample volume: a nautilus shell as a scanner would see it, made from a formula when it is asked for, so that the program needs no scan of
 * anybody's.
 *
 * A shell grows as a tube around a logarithmic spiral (Raup 1966): at the angle phi its middle lies at the distance R = a e^(b phi) from the axis,
 * and its radius is K R. W = e^(2 pi b) is the growth of a whorl; with K = (W - 1) / (W + 1) every whorl just touches the one before it. Chambers are
 * parted by septa at even steps of phi, bent forward at their rims, and run through by a thin tube; the last part of the last whorl, where
 * the animal lives, has none. A point belongs to the innermost whorl that holds it.
 */
import { volumeSignal, type VolumeGeometry } from '#core/signal/volume';
import { writeVolume } from '../formats/volume';

/** Voxels along x, y, z. */
const SIZE = [128, 104, 72] as const;
/** Scene units are half the largest extent: the voxels of the two larger axes lie in [-1, 1]. */
const STEP = 2 / SIZE[0];
const GEOMETRY: VolumeGeometry = { spacing: [0.5, 0.5, 0.5], origin: [0, 0, 0], directions: [1, 0, 0, 0, 1, 0, 0, 0, 1], space: 'unknown', unit: 'mm' };

const W = 3;
const B = Math.log(W) / (2 * Math.PI);
const K = (W - 1) / (W + 1);
const WHORLS = 3.15;
/** Where the shell ends, and where the chambers do. */
const APERTURE = 2 * Math.PI * WHORLS;
const LAST_SEPTUM = APERTURE - 0.38 * 2 * Math.PI;
const SEPTUM_STEP = (2 * Math.PI) / 15;
/** Distance of the spiral from the axis at the aperture. */
const REACH = 0.81;
const A = REACH / Math.exp(B * APERTURE);
/** The tube is wider along the axis than across it. */
const WIDENING = 1.18;
/** The axis lies off the middle, so that the shell does not. */
const AXIS = [-0.245, 0.187] as const;
const TURN = 0.6;

const SHELL = 205;
const SEPTUM = 150;
const SIPHUNCLE = 120;
/** The air in the chambers and around. */
const AIR = 12;

/** Smooth edge of a wall: 1 in its middle, 0 beyond its half thickness and a voxel. */
const wall = (distance: number, half: number): number => Math.max(0, Math.min(1, (half + STEP - Math.abs(distance)) / STEP));

/** Density at a point of [-1, 1]^3, 0 to 255. */
export function nautilusAt(x: number, y: number, z: number): number {
  const [u, v] = [x - AXIS[0], y - AXIS[1]];
  const r = Math.sqrt(u * u + v * v);
  const angle = Math.atan2(v, u) + TURN;
  let density = AIR;
  for (let phi = angle - 2 * Math.PI * Math.floor((angle + 2 * Math.PI) / (2 * Math.PI)); phi <= APERTURE; phi += 2 * Math.PI) {
    const middle = A * Math.exp(B * phi);
    const radius = K * middle;
    const [across, along] = [r - middle, z / WIDENING];
    const out = Math.sqrt(across * across + along * along);
    const half = 0.006 + 0.03 * radius;
    if (out > radius + half + STEP) continue;
    // Growth lines make the wall denser and thinner in turns.
    const lines = 1 + 0.07 * Math.sin(phi * 40);
    const shell = wall(out - radius, half) * SHELL * lines;
    if (out > radius) {
      density = Math.max(density, shell);
      continue;
    }
    return Math.max(density, shell, chamber(phi, out / radius, middle));
  }
  return density;
}

/** Density within a whorl: septa and the tube through them. `across`: 0 in the middle of the tube, 1 at its wall. */
function chamber(phi: number, across: number, middle: number): number {
  const bent = phi - 0.24 * across * across;
  if (bent > LAST_SEPTUM + SEPTUM_STEP / 2) return AIR;
  const nearest = Math.round(bent / SEPTUM_STEP) * SEPTUM_STEP;
  const septum = wall((bent - nearest) * middle, 0.007) * SEPTUM;
  const siphuncle = wall(across - 0.1, 0.03) * SIPHUNCLE;
  return Math.max(AIR, septum, siphuncle);
}

/** Noise of a detector, the same every time: 0 to `amount`. */
const noise = (index: number, amount: number): number => ((Math.imul(index ^ (index >>> 15), 2246822519) >>> 16) / 65536) * amount;

/** The volume as a NRRD file. */
export async function nautilusFile(): Promise<Uint8Array> {
  const [width, height, depth] = SIZE;
  const voxels = new Uint8Array(width * height * depth);
  const at = (index: number, extent: number): number => (index + 0.5 - extent / 2) * STEP;
  let index = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, index++) voxels[index] = Math.min(255, nautilusAt(at(x, width), at(y, height), at(z, depth)) + noise(index, 4));
    }
  }
  const { files } = await writeVolume(volumeSignal(voxels, { size: [...SIZE], channels: 1, voxelType: 'uint8', geometry: GEOMETRY }), 'nrrd', 'nautilus');
  return files[0]!.bytes;
}

/** How deep one sees into the cut shell, in steps of two voxels. */
const DEPTH = 9;
const GROUND = [24, 26, 32] as const;
const IVORY = [240, 226, 204] as const;

/** The shell cut open, seen along its axis: RGB pixels of a square. */
export function nautilusPicture(extent: number): Uint8Array {
  const pixels = new Uint8Array(3 * extent * extent);
  for (let j = 0, to = 0; j < extent; j++) {
    for (let i = 0; i < extent; i++, to += 3) {
      const [x, y] = [((i + 0.5) / extent) * 2 - 1, ((j + 0.5) / extent) * 2 - 1];
      let light = 0;
      let clear = 1;
      // What is cut lies in the light; what is deeper falls into shadow.
      for (let step = 0; step < DEPTH && clear > 0.05; step++) {
        const opacity = Math.max(0, Math.min(1, (nautilusAt(x, y, -2 * step * STEP) - 2 * AIR) / 90));
        light += clear * opacity * (step === 0 ? 1 : 0.5 * (1 - step / DEPTH));
        clear *= 1 - opacity;
      }
      for (let channel = 0; channel < 3; channel++) pixels[to + channel] = GROUND[channel]! + light * (IVORY[channel]! - GROUND[channel]!);
    }
  }
  return pixels;
}
