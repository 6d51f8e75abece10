/** Where the bytes of a file go, in the few groups that a bar can show. */
import type { ArtifactInfo } from '#main/ipc/contract';

export interface ByteGroup {
  readonly kind: 'weights' | 'tables' | 'biases' | 'rest';
  /** What the group is called. */
  readonly name: string;
  readonly bytes: number;
}

const NAMES: Readonly<Record<ByteGroup['kind'], string>> = { weights: 'weights', tables: 'grid vectors', biases: 'biases', rest: 'headers, checksums' };

/** Names of tensors are those of the parameter layout: 'hidden0.weight', 'head.bias', 'grid3'. */
const kindOf = (name: string): 'weights' | 'tables' | 'biases' => (name.startsWith('grid') ? 'tables' : name.endsWith('.weight') ? 'weights' : 'biases');

/** Groups in the order of the bar; they add up to the file. Grid vectors only where the network has any. */
export function byteGroups({ bytes, tensors }: Pick<ArtifactInfo, 'bytes' | 'tensors'>): ByteGroup[] {
  const sums = { weights: 0, tables: 0, biases: 0 };
  let hasTables = false;
  for (const tensor of tensors) {
    const kind = kindOf(tensor.name);
    sums[kind] += tensor.bytes;
    hasTables ||= kind === 'tables';
  }
  const rest = Math.max(0, bytes - sums.weights - sums.tables - sums.biases);
  const kinds: readonly ByteGroup['kind'][] = hasTables ? ['weights', 'tables', 'biases', 'rest'] : ['weights', 'biases', 'rest'];
  return kinds.map((kind) => ({ kind, name: NAMES[kind], bytes: kind === 'rest' ? rest : sums[kind] }));
}
