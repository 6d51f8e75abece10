/** What `inr fit` says at its end, in words or as JSON. Every number is that of the decoded file. */
import { parameterLayout } from '#core/field/layout';
import { networkWords } from '#core/field/words';
import type { Header } from '#core/coding/types';
import type { Field } from '#core/field/field';
import type { FitConfig } from '#core/fit/config';
import { sourceBytes, unitsOf } from '#core/signal/subject';
import { deviceWords } from '#engine/device-words';
import type { DeviceFacts } from '#engine/engine';
import type { CodedFile, Target } from './coded-file';
import { showBytes, showCount, showDecibel, showRate, showRatio, showSeconds } from './numbers';
import type { Terminal } from './terminal';

export interface Report {
  readonly input: string;
  readonly options: { readonly output: string; readonly json?: boolean; readonly quiet?: boolean };
  readonly header: Header;
  readonly field: Field;
  readonly config: FitConfig;
  readonly facts: DeviceFacts;
  readonly chosen: CodedFile;
  readonly psnrFloat: number | null;
  readonly step: number;
  readonly seconds: number;
  readonly target: Target;
}

/** Why a quality that was asked for is not there, and the way out. */
function missed({ target, chosen }: Report): string | null {
  if (chosen.reached) return null;
  if (target.kind === 'error') return `the finest residual leaves an error of ${chosen.maximumError}, above the ${target.largest} asked for. That is what the codes of these voxels can tell.`;
  if (target.kind !== 'psnr') return null;
  if (chosen.coding.residual) return `the finest residual ends at ${showDecibel(chosen.psnr)}, below the ${target.decibel} dB asked for. That is what the codes of these voxels can tell.`;
  return `the plan ended at ${showDecibel(chosen.psnr)}, below the ${target.decibel} dB asked for. Give more --steps, a larger --width or another --preset.`;
}

export function report(facts: Report, terminal: Terminal): void {
  const { input, options, header, field, config, chosen, psnrFloat, step, seconds, target } = facts;
  const { unit, count } = unitsOf(header);
  const bpp = (8 * chosen.bytes) / count;
  const ratio = sourceBytes(header) / chosen.bytes;
  const stepsPerSecond = seconds > 0 ? step / seconds : 0;
  const warning = missed(facts);
  if (warning !== null && !options.quiet) terminal.err(`inr: ${options.output}: ${warning}\n`);
  const { maximumError } = chosen;
  const device = facts.facts;
  if (options.json) {
    const result = {
      input,
      output: options.output,
      bytes: chosen.bytes,
      bpp,
      ratio,
      psnr: chosen.psnr,
      ...(maximumError !== undefined && { maximumError }),
      psnrFloat,
      bits: chosen.bits,
      parameters: parameterLayout(field).length,
      steps: step,
      seconds,
      stepsPerSecond,
      engine: device.engine,
      device: device.name,
      seed: config.seed,
      sha256: chosen.sha256,
      ...((target.kind === 'psnr' || target.kind === 'error') && { targetReached: chosen.reached }),
      config: { ...config, coding: chosen.coding },
    };
    terminal.out(`${JSON.stringify(result)}\n`);
    return;
  }
  const residual = chosen.coding.residual;
  const network = `${networkWords(field)}, ${showCount(parameterLayout(field).length)} parameters at ${chosen.bits} bits`;
  terminal.out(
    `${options.output}  ${showBytes(chosen.bytes)}  ${bpp.toFixed(3)} bits per ${unit}  ${showRatio(ratio)}  ${showDecibel(chosen.psnr)}\n` +
      (residual
        ? `  ${network} (${showDecibel(psnrFloat)} alone), residual with a step of ${residual.step}; largest error ${maximumError}\n`
        : `  ${network} (${showDecibel(psnrFloat)} before quantization)${maximumError === undefined ? '' : `; largest error ${Number(maximumError.toPrecision(4))}`}\n`) +
      `  ${showCount(step)} steps in ${showSeconds(seconds)} (${showRate(stepsPerSecond)} steps/s), ${deviceWords(device)}\n`,
  );
}
