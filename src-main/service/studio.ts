/**
 * The services of one window behind the IPC table: each handler is a few lines that join the services; what they do is in their own
 * files. The shell gives what only it can do (ShellPort), and dispatch.ts has already checked every request.
 */
import { basename } from 'node:path';
import sharp from 'sharp';
import { asStudioError, StudioError } from '#core/errors';
import type { FileRef, RequestOf, ResponseOf } from '../ipc/contract';
import type { Handlers } from '../ipc/dispatch';
import { Artifacts } from './artifacts';
import { writeAtomically } from './atomic-write';
import { compareWith } from './codec-choice';
import { Files } from './files';
import { fitRefusal, FitRuns } from './fit-runs';
import { sniff } from './image-header';
import { rawGuess, readSignal } from './ingest';
import { Machine } from './machine';
import { Meshes } from './meshes';
import type { ShellPort, Studio } from './port';
import { kindInRoot, listRoot, pathInRoot } from './root-folder';
import { unpackedLength } from '../formats/volume/unpack';
import { readSample, sampleCards } from './samples';
import { SettingsFile } from './settings';
import { extractMesh } from './mesh-extraction';
import { Signals } from './signals';
import { Tasks, type Task } from './tasks';

export type { ShellPort, Studio } from './port';

type RawGuess = Extract<ResponseOf<'file.load'>, { kind: 'raw' }>['guess'];

/** Opens the services of one window. Nothing heavy is loaded before it is asked for. */
export async function createStudio(port: ShellPort): Promise<Studio> {
  const appVersion = port.appVersion ?? '0.0.0';
  const settings = await SettingsFile.open(port.settingsFile);
  const machine = new Machine();
  const tasks = new Tasks(port.emit);
  const files = new Files();
  const signals = new Signals();
  const artifacts = new Artifacts(machine.synthesize, appVersion, machine.residualCodec, machine.cubeMesh);
  const meshes = new Meshes();
  const runs = new FitRuns(port.emit);
  let pending: readonly string[] = [];
  let cards: ReturnType<typeof sampleCards> | null = null;

  const offerFiles = (paths: readonly string[]): Promise<FileRef[]> => Promise.all(paths.map((path) => files.offer(path)));

  const handlers: Handlers = {
    'app.describe': async () => {
      cards ??= sampleCards(port.assetsDir);
      const [engines, samples] = await Promise.all([machine.facts(), cards]);
      return {
        version: appVersion,
        shell: port.kind,
        platform: process.platform,
        versions: { ...port.versions, node: process.versions.node, sharp: sharp.versions.sharp ?? '', libvips: sharp.versions.vips },
        engines,
        samples,
        dialogs: port.kind === 'electron',
        // The name alone: paths stay in main.
        root: port.root === null ? null : basename(port.root) || port.root,
        settings: settings.current,
      };
    },

    'app.pending': async () => {
      const paths = pending;
      pending = [];
      return { files: await offerFiles(paths) };
    },

    'settings.write': async (wanted) => {
      await settings.write(wanted);
      return {};
    },

    'file.open': async () => ({ files: await offerFiles(await port.openDialog()) }),

    'file.list': async () => {
      const found = port.root === null ? [] : await listRoot(port.root);
      return { files: await Promise.all(found.map(({ path, name }) => files.offer(path, { name, confined: true }))) };
    },

    'file.sample': async ({ id }) => {
      const { name, bytes } = await readSample(port.assetsDir, id);
      return files.hold(name, bytes);
    },

    'file.upload': ({ upload, name, totalBytes, data }) => Promise.resolve().then(() => files.upload(upload, name, totalBytes, data)),

    'file.load': ({ file, task, beside, raw }) => tasks.run(task, (running) => load(file, beside ?? [], raw, running)),

    'signal.read': ({ signal, offset, length, part = 'samples' }) =>
      Promise.resolve().then(() => ({ data: part === 'training' ? signals.readTraining(signal, offset, length) : signals.read(signal, offset, length) })),

    'signal.training': ({ task, signal, config }) =>
      tasks.run(task, (running) => signals.training(signal, config, { signal: running.signal, onProgress: (fraction) => running.progress('Sampling the surface', fraction) })),

    'signal.close': ({ signal }) => {
      signals.close(signal);
      return Promise.resolve({});
    },

    'fit.start': async ({ signal, config, engine, state, previewPixels, seconds }) => {
      const subject = await signals.subject(signal, config);
      return runs.start({ subject, config, engine: await machine.engine(engine), state, previewPixels, seconds });
    },

    'fit.refusal': async ({ config, size, channels, engine, surface }) => ({ refusal: fitRefusal(await machine.engine(engine), config, size, channels, surface) }),

    'fit.control': ({ run, action }) => Promise.resolve().then(() => (runs.control(run, action), {})),

    'fit.state': ({ run }) => runs.state(run),

    'artifact.encode': ({ task, signal, config, parameters, steps }) =>
      tasks.run(task, async (running) => {
        const subject = await signals.subject(signal, config, { signal: running.signal, onProgress: (fraction) => running.progress('Sampling the surface', fraction) });
        return artifacts.encode({ source: signals.get(signal), subject, signalToken: signal, config, parameters, steps }, running);
      }),

    'artifact.read': ({ artifact, offset, length }) => Promise.resolve().then(() => ({ data: artifacts.read(artifact, offset, length) })),

    'artifact.save': (request) => save(request),

    'artifact.download': ({ artifact, format, offset, resolution }) => artifacts.download(artifact, format, offset, resolution),

    'artifact.mesh': (request) => tasks.run(request.task, (running) => extractMesh({ artifacts, signals, meshes }, request, running)),

    'mesh.read': ({ mesh, offset, length }) => Promise.resolve().then(() => ({ data: meshes.read(mesh, offset, length) })),

    'mesh.close': ({ mesh }) => {
      meshes.close(mesh);
      return Promise.resolve({});
    },

    'artifact.close': ({ artifact }) => {
      artifacts.close(artifact);
      return Promise.resolve({});
    },

    'codecs.compare': ({ task, signal: token, bytes, psnr, codecs }) =>
      tasks.run(task, async (running) => {
        const { signal } = signals.get(token);
        return { rows: await compareWith(signal, { bytes, psnr, codecs, abort: running.signal, onProgress: (fraction, label) => running.progress(label, fraction) }) };
      }),

    'task.cancel': ({ task }) => {
      tasks.cancel(task);
      return Promise.resolve({});
    },
  };

  async function load(file: string, beside: readonly string[], raw: RequestOf<'file.load'>['raw'], task: Task): Promise<ResponseOf<'file.load'>> {
    task.progress('Reading', 0);
    const { name, bytes } = await files.read(file);
    const { kind } = sniff(bytes);
    // A damaged magic must not turn a file that calls itself .inr into an unknown picture.
    const coded = kind === 'inr' || (kind === 'unknown' && /\.inr$/i.test(name));
    if (coded) return { kind: 'artifact', artifact: await artifacts.open(name, bytes, task) };
    if (raw === undefined) {
      const guess = rawGuess(bytes, name);
      if (guess) return { kind: 'raw', name, bytes: unpackedLength(bytes), guess: structuredClone(guess) as RawGuess };
    }
    const read = await readSignal(bytes, name, { companion: files.companions(file, beside), beside: files.parts(beside.filter((token) => token !== file)), ...(raw && { raw }) });
    task.signal.throwIfAborted();
    return { kind: 'signal', signal: signals.add(name, bytes.length, read) };
  }

  async function save({ artifact, format, name, overwrite, resolution }: RequestOf<'artifact.save'>): Promise<ResponseOf<'artifact.save'>> {
    const suggested = artifacts.suggestedName(artifact, format);
    if (name === null) {
      const path = await port.saveDialog(suggested, format);
      if (path === null) return { outcome: 'cancelled', name: suggested, bytes: 0 };
      const bytes = await artifacts.file(artifact, format, resolution);
      await saveNamed(path, bytes);
      return { outcome: 'saved', name: basename(path), bytes: bytes.length };
    }
    if (port.root === null) throw new StudioError('usage', 'save.root', 'There is no folder to save into by name here. Use the save dialog or download the file.');
    const path = pathInRoot(port.root, name);
    const there = await kindInRoot(port.root, name);
    if (there === 'other') throw new StudioError('usage', 'root.name', `"${name}" is a folder or a link. Choose another name.`);
    if (there === 'file' && !overwrite) return { outcome: 'exists', name, bytes: 0 };
    const bytes = await artifacts.file(artifact, format, resolution);
    await saveNamed(path, bytes);
    return { outcome: 'saved', name, bytes: bytes.length };
  }

  /** Errors name the file without its folder: paths stay in main. */
  async function saveNamed(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeAtomically(path, bytes);
    } catch (error) {
      const known = asStudioError(error);
      throw new StudioError(known.kind, known.code, known.message.replace(path, basename(path)), { cause: error });
    }
  }

  return {
    handlers,
    offerFiles,
    setPending: (paths) => void (pending = [...pending, ...paths]),
    dispose: async () => {
      tasks.dispose();
      await runs.dispose();
      await machine.dispose();
    },
  };
}
