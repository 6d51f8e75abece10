/** Errors of readers: kind 'input', the name of the file first. */
import { StudioError } from '#core/errors';

export function inputFault(name: string, code: string, message: string, cause?: unknown): StudioError {
  return new StudioError('input', `input.${code}`, `${name}: ${message}`, { cause });
}
