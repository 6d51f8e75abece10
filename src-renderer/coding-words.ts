/** How a file was coded, and how that is said. */
import type { FitConfig } from '#core/fit/config';
import type { ArtifactInfo } from '#main/ipc/contract';
import { formatDigits } from './format';

type Coded = Pick<ArtifactInfo, 'bits' | 'provenance'>;

/** Step of the residual as a share of the full scale, as the file says of itself; null: none. */
export function residualStep({ provenance }: Coded): number | null {
  const { config } = (provenance ?? {}) as { readonly config?: { readonly coding?: Partial<FitConfig['coding']> } };
  return config?.coding?.residual?.step ?? null;
}

/** '8 bits', or 'step 0.100' where the residual decides: what tells the encodings of one run apart. */
export function codingWords(artifact: Coded): string {
  const step = residualStep(artifact);
  return step === null ? `${artifact.bits ?? '?'} bits` : `step ${formatDigits(step)}`;
}
