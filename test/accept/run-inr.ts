/** Runs the built command as a user's shell does, and makes the pictures that it is tried on. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import sharp, { type Sharp } from 'sharp';

export const root = resolve(import.meta.dirname, '../..');
const entry = resolve(root, 'bin/inr.mjs');

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Fails loudly when there is nothing to test. */
export function requireBuild(): void {
  if (!existsSync(resolve(root, 'out/main/cli.js'))) throw new Error('There is no build to test: run `npm run build` first.');
}

interface Options {
  /** Called with all of stderr so far whenever there is more of it. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  readonly env?: Readonly<Record<string, string>>;
}

function collect(command: string, args: readonly string[], options: Options): Promise<Run> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
      options.onStderr?.(err, (signal) => child.kill(signal));
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, out, err }));
  });
}

/** `inr ...args` */
export const inr = (args: readonly string[], options: Options = {}): Promise<Run> => collect(process.execPath, [entry, ...args], options);

/** A line of bash in which "$NODE" "$INR" is the command; `args` are $1, $2, ... */
export const bash = (line: string, ...args: string[]): Promise<Run> => collect('bash', ['-c', line, 'bash', ...args], { env: { NODE: process.execPath, INR: entry } });

/** A small picture with edges, gradients and texture: something of what a photograph has. */
export function scene(width = 64, height = 48, channels: 3 | 4 = 3): Sharp {
  const pixels = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x - width / 3, y - height / 2) < height / 4;
      const at = (y * width + x) * channels;
      pixels[at] = inside ? 220 : Math.round((200 * x) / width);
      pixels[at + 1] = Math.round(128 + 60 * Math.sin(x / 3) * Math.cos(y / 4));
      pixels[at + 2] = inside ? 40 : Math.round((255 * y) / height);
      if (channels === 4) pixels[at + 3] = Math.round((255 * x) / width);
    }
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

/** A PNG that ends after its header, which declares these extents. */
export function pngHeader(width: number, height: number): Buffer {
  const crc = (bytes: Buffer): number => {
    let value = 0xffffffff;
    for (const byte of bytes) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return (value ^ 0xffffffff) >>> 0;
  };
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', Buffer.alloc(0)), chunk('IEND', Buffer.alloc(0))]);
}
