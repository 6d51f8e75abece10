/** What a file reconstructs, in words. */
import type { Header } from '#core/coding/types';
import { showChannels, showCount } from './numbers';

/** `watertight`: where it is known of the mesh that a surface is made from. */
export function contentWords(header: Header, watertight?: boolean): string {
  const grid = `${header.size.join(' x ')}, ${showChannels(header.channels)}`;
  if (header.kind === 'grid') return `${grid}, ${header.type === 'uint8' ? 8 : 16} bits, ${header.metadata.colorSpace}${header.metadata.alpha ? ', alpha' : ''}`;
  if (header.kind === 'volume') {
    const { voxelType, geometry } = header.metadata;
    return `${grid}, ${voxelType}, spacing ${geometry.spacing.join(' x ')}${geometry.unit === 'none' ? '' : ` ${geometry.unit}`}`;
  }
  const { mode, vertices, triangles } = header.metadata;
  return `${mode === 'signed' ? 'a solid' : 'sheets'} made from ${showCount(vertices)} vertices and ${showCount(triangles)} triangles${watertight === false ? ', not watertight' : ''}`;
}
