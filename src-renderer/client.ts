/**
 * The renderer's side of the typed table: `call` gives the endpoint's response or throws what main reported as a StudioError
 * with main's own words; `on` listens to one event. Bulk samples are read in chunks, one after the other, so that no single
 * message blocks the window.
 */
import { StudioError, type ErrorKind } from '#core/errors';
import type { ArtifactFormat, EndpointName, EventName, EventOf, FileRef, RequestOf, ResponseOf, StudioBridge } from '#main/ipc/contract';

/** As CHUNK_BYTES of the contract; said here again so that the schemas stay out of what loads first. */
const CHUNK_BYTES = 4 * 1024 * 1024;

const KINDS: readonly string[] = ['failed', 'usage', 'input', 'container', 'device', 'cancelled'];

let taskCount = 0;

/** A name for a long call, by which it reports progress and can be cancelled. */
export function newTask(label: string): string {
  taskCount += 1;
  return `${label}-${taskCount}`;
}

export class Client {
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();

  constructor(private readonly bridge: StudioBridge) {
    bridge.on((name, payload) => {
      for (const listener of this.#listeners.get(name) ?? []) listener(payload as never);
    });
  }

  /** Calls an endpoint. Throws StudioError with main's kind, code and message when it fails. */
  async call<Name extends EndpointName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const answer = await this.bridge.call(name, request);
    if ('fault' in answer) {
      const { kind, code, message } = answer.fault;
      throw new StudioError(KINDS.includes(kind) ? (kind as ErrorKind) : 'failed', code, message);
    }
    return answer.ok as ResponseOf<Name>;
  }

  /** Listens to an event; returns the function that stops. */
  on<Name extends EventName>(name: Name, listener: (payload: EventOf<Name>) => void): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener as (payload: never) => void);
    return () => set.delete(listener as (payload: never) => void);
  }

  /** All raw bytes of a signal, an artifact or a mesh (little-endian), `total` of them. */
  async readSamples(source: { signal: string; part?: 'samples' | 'training' } | { artifact: string } | { mesh: string }, total: number): Promise<Uint8Array<ArrayBuffer>> {
    const whole = new Uint8Array(total);
    for (let offset = 0; offset < total; ) {
      const length = Math.min(CHUNK_BYTES, total - offset);
      const range = { offset, length };
      const { data } = await ('signal' in source
        ? this.call('signal.read', { ...source, ...range })
        : 'mesh' in source
          ? this.call('mesh.read', { ...source, ...range })
          : this.call('artifact.read', { ...source, ...range }));
      if (data.length === 0) throw new StudioError('failed', 'read.short', 'The samples ended early. Open the file again.');
      whole.set(data, offset);
      offset += data.length;
    }
    return whole;
  }

  /** Sends a dropped, pasted or picked file in chunks; `onProgress` gets the fraction sent. */
  async upload(file: File, name: string, onProgress: (fraction: number) => void): Promise<FileRef> {
    let upload: string | null = null;
    let offset = 0;
    for (;;) {
      const data = new Uint8Array(await file.slice(offset, offset + CHUNK_BYTES).arrayBuffer());
      offset += data.length;
      const answer: ResponseOf<'file.upload'> = await this.call('file.upload', { upload, name, totalBytes: file.size, data });
      if (answer.file) return answer.file;
      if (data.length === 0) throw new StudioError('input', 'input.truncated', `${name} could not be read to its end. Try it again.`);
      upload = answer.upload;
      onProgress(offset / Math.max(1, file.size));
    }
  }

  /** A whole encoded file, for a browser download; `resolution` is that of meshes. */
  async download(artifact: string, format: ArtifactFormat, resolution?: number): Promise<{ name: string; data: Blob }> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let offset = 0; ; ) {
      const { name, data, totalBytes } = await this.call('artifact.download', { artifact, format, offset, ...(resolution !== undefined && { resolution }) });
      parts.push(new Uint8Array(data));
      offset += data.length;
      if (offset >= totalBytes || data.length === 0) return { name, data: new Blob(parts, { type: format === 'png' ? 'image/png' : 'application/octet-stream' }) };
    }
  }
}

/** Sample bytes as the numbers they are; the buffer is shared (every supported platform is little-endian). */
export function samplesOf(bytes: Uint8Array<ArrayBuffer>, type: 'uint8' | 'uint16'): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  return type === 'uint8' ? bytes : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
}

/** A float vector as the bytes that the table carries. */
export function bytesOf(values: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The reverse of bytesOf, copied so that alignment never matters. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
