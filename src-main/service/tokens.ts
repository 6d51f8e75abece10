/**
 * Opaque names for what main holds: 'file-...', 'signal-...'. 128 random bits, so that no renderer can guess what it was not given.
 */
import { randomBytes } from 'node:crypto';
import { StudioError } from '#core/errors';

export type TokenKind = 'file' | 'upload' | 'signal' | 'artifact' | 'mesh' | 'run';

export const newToken = (kind: TokenKind): string => `${kind}-${randomBytes(16).toString('base64url')}`;

/** What a token stands for. Throws StudioError 'usage' 'token.unknown' when it was closed or never given. */
export function heldBy<T>(store: ReadonlyMap<string, T>, token: string): T {
  const held = store.get(token);
  if (held !== undefined) return held;
  throw new StudioError('usage', 'token.unknown', `This ${token.split('-')[0] ?? 'thing'} is no longer open. Open the file again.`);
}
