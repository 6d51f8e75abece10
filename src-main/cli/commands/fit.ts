/**
 * `inr fit`: a picture, a volume or a mesh in, an .inr file out. What can go wrong is looked for before the fit begins; what the user waits for
 * is never lost: a cancelled fit, and one whose file cannot be saved, leave a checkpoint to go on from.
 */
import { basename, dirname, join } from 'node:path';
import { fieldFor, type Field } from '#core/field/field';
import { networkWords } from '#core/field/words';
import { parameterLayout } from '#core/field/layout';
import { requireDecodable } from '#core/coding/limits';
import type { FitConfig } from '#core/fit/config';
import { applyOptions } from '#core/fit/options';
import { planRefusal } from '#core/fit/sampling';
import { pointCount } from '#core/signal/signal';
import { unitsOf } from '#core/signal/subject';
import { asStudioError, StudioError } from '#core/errors';
import { deviceWords } from '#engine/device-words';
import { modelParameters, type DeviceFacts, type Engine, type Trainer, type TrainerRequest, type TrainState } from '#engine/engine';
import { FitSession, type SessionProgress } from '#engine/session';
import { createExactSynthesizer } from '#engine/cpu/exact';
import { writeAtomically } from '../../service/atomic-write';
import { chooseEngine, openEngine } from '../../service/engines';
import { signalFingerprint, subjectOf, wordOf } from '../../service/subject';
import { tuningFile } from '../../service/tuning-file';
import { settingsFileFor } from '../../shell/installation';
import { checkpointPath, encodeCheckpoint, type Checkpoint } from '../checkpoint';
import { Coder, type CodedFile, type CodingRequest } from '../coded-file';
import { contentWords } from '../content-words';
import { openSignal, type InputOptions } from '../open-signal';
import { readPreset, type PresetOptions } from '../fit-config';
import { planOf, provenanceOf, targetOf, type TargetOptions } from '../fit-plan';
import { report } from '../fit-report';
import { showCount } from '../numbers';
import { checkOutput } from '../output-path';
import { createProgress, type Progress } from '../progress';
import { dropCheckpoint, findCheckpoint } from '../resume';
import type { Terminal } from '../terminal';

export interface FitOptions extends PresetOptions, TargetOptions, InputOptions {
  readonly output: string;
  readonly device: 'auto' | 'gpu' | 'cpu' | 'tfjs';
  readonly threads?: number;
  readonly resume?: boolean;
  readonly saveConfig?: string;
  readonly provenance: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const CHECKPOINT_MILLISECONDS = 10_000;
/** The batches' dB flatters or belittles the file's by about this much; a file is tried from there on. */
const PSNR_MARGIN = 0.3;

/** Runs the command; resolves to the exit code. */
export async function fit(input: string, options: FitOptions, terminal: Terminal): Promise<number> {
  const cancel = terminal.cancellation();
  // What the options say wrong is said before a large input is read.
  applyOptions(await readPreset(options.preset, 'picture'), options);
  const output = await checkOutput(options.output, [input]);
  const saveConfig = options.saveConfig === undefined ? null : await checkOutput(options.saveConfig, [input, output]);
  const checkpointFile = checkpointPath(output);
  const { signal, notes } = await openSignal(input, options);
  const base = applyOptions(await readPreset(options.preset, wordOf(signal)), options);
  const target = targetOf(options, signal);
  const progress = createProgress(terminal, options.quiet === true, options.seconds);
  for (const note of notes) progress.note(`${basename(input)}: ${note}.`);

  const found = await findCheckpoint(checkpointFile, options.resume === true, (text) => progress.note(text));
  const fingerprint = signalFingerprint(signal);
  const { config, secondsBudget, from } = planOf(base, options, target, signal, fingerprint, found, checkpointFile);
  if (saveConfig) await writeAtomically(saveConfig, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));
  cancel.throwIfAborted();

  const subject = await subjectOf(signal, config, { signal: cancel, threads: options.threads, onProgress: (fraction) => progress.stage('sampling the surface', fraction) });
  const { header, data } = subject;
  const { count: units } = unitsOf(header);
  const field = fieldFor(config.network, header.size.length, header.channels);
  requireDecodable(field, header.size);
  const impossible = planRefusal(config.plan, pointCount(data.size), data.coordinates !== undefined);
  if (impossible !== null) throw new StudioError('usage', 'fit.refused', impossible);
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  const tunings = tuningFile(join(dirname(settingsFileFor(process.platform, process.env)), 'gpu-kernels.json'));
  const engines: Engine[] = [];
  const exact = createExactSynthesizer(threads);
  try {
    const { engine, notice } = await chooseEngine(options.device, { ...threads, tunings, refusal: (candidate) => candidate.refusal(field, config.plan) });
    engines.push(engine);
    if (notice) progress.note(notice);
    let facts = engine.facts;
    const request: TrainerRequest = { field, plan: config.plan, data, seed: config.seed, ...(from && { state: from.state }) };
    progress.note(opening(input, contentWords(header, signal.kind === 'surface' ? signal.watertight : undefined), field, config, facts, from));

    const save = (state: TrainState, seconds: number): Promise<void> =>
      writeAtomically(checkpointFile, encodeCheckpoint({ config, seconds, secondsBudget, fingerprint, inputs: field.inputs, channels: field.outputs, state }));
    const coderOf = (state: TrainState): Coder => {
      const provenance = provenanceOf(options, config, state.step, secondsBudget);
      const coding: CodingRequest = { subject, field, config, synthesize: exact.synthesize, provenance, abort: cancel, onTrial: (words) => progress.stage(words) };
      return new Coder(coding, modelParameters(state));
    };

    const trainerOn = async (on: Engine, from: TrainerRequest): Promise<Trainer> => {
      const trainer = await on.createTrainer(from);
      for (const note of trainer.notes ?? []) progress.note(note);
      return trainer;
    };

    let early: CodedFile | null = null;
    let warned = false;
    const session: FitSession = new FitSession({
      request,
      trainer: await trainerOn(engine, request),
      ...(secondsBudget !== null && { secondsBudget }),
      secondsBefore: from?.seconds ?? 0,
      checkpointMilliseconds: CHECKPOINT_MILLISECONDS,
      onProgress: (now: SessionProgress) => {
        progress.fit(now);
        // A loss that is no number never becomes one again.
        if (Number.isNaN(now.loss)) session.stop();
      },
      onCheckpoint: (state, seconds) =>
        save(state, seconds).catch((error: unknown) => {
          if (!warned) progress.note(`No checkpoint could be saved (${asStudioError(error).message}); the fit goes on.`);
          warned = true;
        }),
      // With a residual the network does not decide how good the file is.
      ...(target.kind === 'psnr' && !config.coding.residual && {
        previewMilliseconds: 500,
        onPreview: async (trainer, now) => {
          if (!(now.psnr >= target.decibel - PSNR_MARGIN)) return false;
          const state = await trainer.checkpoint();
          try {
            const chosen = await coderOf(state).choose(target, units);
            if (chosen.reached) early = chosen;
            return chosen.reached;
          } catch (error) {
            // A Ctrl-C that ends the trial ends the fit too, and in order: with its checkpoint.
            if (cancel.aborted) return true;
            throw error;
          }
        },
      }),
      recover: async (state, error) => {
        const replacement = await openEngine('cpu', threads);
        engines.push(replacement);
        const reason = replacement.refusal(field, config.plan);
        if (reason !== null) {
          progress.note(reason);
          return null;
        }
        progress.note(`The device was lost (${error.message}). The fit goes on from step ${state.step} on the cpu engine.`);
        facts = replacement.facts;
        return trainerOn(replacement, { ...request, state });
      },
    });
    const stop = (): void => session.stop();
    cancel.addEventListener('abort', stop);
    // It may have come while the engine was set up, when nobody listened.
    if (cancel.aborted) stop();
    const outcome = await session.run();
    session.trainer.dispose();
    if (cancel.aborted) return await cancelled(checkpointFile, save, outcome, progress);

    try {
      progress.stage('coding');
      const coder = coderOf(outcome.state);
      const chosen = early ?? (await coder.choose(target, units));
      const psnrFloat = await coder.float();
      await writeAtomically(output, chosen.file);
      await dropCheckpoint(checkpointFile);
      progress.end();
      const { seconds, step } = outcome;
      report({ input, options, header, field, config, facts, chosen, psnrFloat, step, seconds, target }, terminal);
      return 0;
    } catch (error) {
      if (cancel.aborted) return await cancelled(checkpointFile, save, outcome, progress);
      const known = asStudioError(error);
      if (known.code === 'fit.diverged') throw known;
      const kept = await save(outcome.state, outcome.seconds).then(() => true, () => false);
      if (kept) progress.note(`What was fitted is kept in ${checkpointFile}: the same command with --resume goes on from there.`);
      throw known;
    }
  } finally {
    progress.end();
    await Promise.allSettled([...engines.map((engine) => engine.dispose()), exact.dispose()]);
  }
}

async function cancelled(
  file: string,
  save: (state: TrainState, seconds: number) => Promise<void>,
  outcome: { readonly step: number; readonly seconds: number; readonly state: TrainState },
  progress: Progress,
): Promise<never> {
  progress.end();
  if (outcome.step === 0) throw new StudioError('cancelled', 'cancelled', 'Cancelled before the first step; nothing was saved.');
  await save(outcome.state, outcome.seconds);
  throw new StudioError('cancelled', 'cancelled', `Cancelled at step ${outcome.step}. ${file} is kept: the same command with --resume goes on from there.`);
}

function opening(input: string, content: string, field: Field, config: FitConfig, facts: DeviceFacts, from: Checkpoint | null): string {
  const going = from ? `, going on from step ${showCount(from.state.step)}` : '';
  return `${basename(input)}: ${content}; ${networkWords(field)}, ${showCount(parameterLayout(field).length)} parameters; ${deviceWords(facts)}; seed ${config.seed}${going}`;
}
