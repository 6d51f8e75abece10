/** What is told of a mesh file that cannot be read. Every text names the file, the fault and the way out. */
import { StudioError } from '#core/errors';

export function damaged(name: string, format: string, fault: string, cause?: unknown): StudioError {
  return new StudioError('input', 'input.damaged', `${name}: ${fault}. The ${format} file is damaged: write or download it again.`, { cause });
}

export function truncated(name: string, format: string, fault: string): StudioError {
  return new StudioError('input', 'input.truncated', `${name}: ${fault}. The ${format} file is cut off: write or download it again.`);
}

export function unsupported(name: string, fault: string, way: string): StudioError {
  return new StudioError('input', 'input.unsupported', `${name}: ${fault}. ${way}`);
}
