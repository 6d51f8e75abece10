/** Kinds of the contract for which there are no kernels yet. */
import { gridOf, type Field } from '#core/field/field';

/** null when every kind of a field has kernels, else a sentence that names the one without. */
export function kindRefusal(field: Field): string | null {
  return gridOf(field.encoding) ? 'The webgpu engine has no kernels for trainable grids yet; choose another engine.' : null;
}
