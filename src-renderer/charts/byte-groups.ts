/** Where the bytes of a file go, in the few groups that a bar can show. */
import type { ArtifactInfo } from '#main/ipc/contract';

export interface ByteGroup {
  readonly kind: 'weights' | 'tables' | 'biases' | 'residual' | 'rest';
  /** What the group is called. */
  readonly name: string;
  readonly bytes: number;
}

const NAMES: Readonly<Record<ByteGroup['kind'], string>> = { weights: 'weights', tables: 'grid vectors', biases: 'biases', residual: 'residual', rest: 'headers, checksums' };

/** Names of tensors are those of the parameter layout: 'hidden0.weight', 'head.bias', 'grid3'. */
const kindOf = (name: string): 'weights' | 'tables' | 'biases' => (name.startsWith('grid') ? 'tables' : name.endsWith('.weight') ? 'weights' : 'biases');

/** Groups in the order of the bar; they add up to the file. Grid vectors and a residual only where there are any. */
export function byteGroups({ bytes, tensors, chunks }: Pick<ArtifactInfo, 'bytes' | 'tensors' | 'chunks'>): ByteGroup[] {
  const sums = { weights: 0, tables: 0, biases: 0, residual: chunks.find(({ type }) => type === 'RESI')?.bytes ?? 0 };
  let hasTables = false;
  for (const tensor of tensors) {
    const kind = kindOf(tensor.name);
    sums[kind] += tensor.bytes;
    hasTables ||= kind === 'tables';
  }
  const rest = Math.max(0, bytes - sums.weights - sums.tables - sums.biases - sums.residual);
  const kinds: readonly ByteGroup['kind'][] = ['weights', ...(hasTables ? (['tables'] as const) : []), 'biases', ...(sums.residual > 0 ? (['residual'] as const) : []), 'rest'];
  return kinds.map((kind) => ({ kind, name: NAMES[kind], bytes: kind === 'rest' ? rest : sums[kind] }));
}
