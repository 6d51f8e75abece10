/**
 * A Field is the closed, typed description of a coordinate network: encoding -> hidden layers -> head. It is data, never code: it
 * goes into the file, and parameter layout and initialisation follow from it alone.
 *
 * Conventions that every engine and the decoder share:
 * - coordinates lie in [-1, 1]^inputs (see signal/coordinates.ts);
 * - a dense layer computes z[o] = bias[o] + sum_i x[i] * weight[i][o]; weights are stored [fan-in][fan-out];
 * - hidden layer l outputs a_l = act(z_l), act as in activation.ts; omega0 belongs to the first hidden layer, omegaHidden to the
 *   others;
 * - in a residual network every second hidden layer closes a block: a_l = 0.5 * (a_{l-2} + act(z_l)) for l = 2, 4, ... (the averaged
 *   residual block of Lu et al. 2021, neurcomp); a last layer without a partner is an ordinary one;
 * - the last dense layer gives z; the sample in [0, 1] is 0.5 + 0.5 * h(z), h the head: z itself, tanh(z), or tanh(z / 2),
 *   which makes the sample the logistic function of z.
 */
export type Encoding =
  /** The coordinates themselves. */
  | { readonly kind: 'identity' }
  /** NeRF octaves: [x,] then for k = 0..octaves-1, for each input i: sin(2^k pi x_i), cos(2^k pi x_i). */
  | { readonly kind: 'octaves'; readonly octaves: number; readonly includeInput: boolean }
  /**
   * Random Fourier features (Tancik et al. 2020): for each feature j: sin(pi b_j.x) for all j, then cos(pi b_j.x) for all j;
   * b_j is drawn from an exact integer approximation of N(0, sigma^2), see fourierMatrix in encoding.ts.
   */
  | { readonly kind: 'fourier'; readonly features: number; readonly sigma: number; readonly seed: number }
  /** Trainable feature vectors on grids of rising resolution, linearly interpolated; every node has its own vector. See grid.ts. */
  | ({ readonly kind: 'dense-grid' } & GridShape)
  /** The same (Mueller et al. 2022, instant-ngp): levels of more than 2^tableLog2 nodes share that many vectors by a hash. See grid.ts. */
  | ({ readonly kind: 'hash-grid'; readonly tableLog2: number } & GridShape);

/** Levels of a multi-resolution grid: nodes along every axis grow geometrically from `coarsest` to `finest`. */
export interface GridShape {
  readonly levels: number;
  /** Length of a feature vector. */
  readonly features: number;
  readonly coarsest: number;
  readonly finest: number;
}

export type Activation =
  /** sin(omega z) (SIREN, Sitzmann et al. 2020). */
  | { readonly kind: 'sine'; readonly omega0: number; readonly omegaHidden: number }
  | { readonly kind: 'relu' }
  /** z * logistic(2 sqrt(2 / pi) (z + 0.044715 z^3)): the tanh form of Hendrycks and Gimpel 2016. */
  | { readonly kind: 'gelu' }
  /** sin(omega (|z| + 1) z), the first layer's biases drawn from U(+-biasRange) (FINER, Liu et al. 2024). */
  | { readonly kind: 'finer'; readonly omega0: number; readonly omegaHidden: number; readonly biasRange: number }
  /** cos(omega z) exp(-(scale z)^2): the real Gabor wavelet (WIRE, Saragadam et al. 2023), one product a unit. */
  | { readonly kind: 'gabor'; readonly omega0: number; readonly omegaHidden: number; readonly scale: number }
  /** exp(-z^2 / (2 sigma^2)) (Ramasinghe and Lucey 2022). */
  | { readonly kind: 'gaussian'; readonly sigma: number }
  /** z / 2 + sin^2(z) (fV-SRN, Weiss et al. 2022). */
  | { readonly kind: 'snake-alt' };

export type Head = 'linear' | 'sigmoid' | 'tanh';

/** The network apart from what the signal decides (inputs and outputs). */
export interface Network {
  readonly encoding: Encoding;
  /** Number of hidden layers, 1 to 12. */
  readonly depth: number;
  /** Units in every hidden layer, 4 to 256, a multiple of 4. */
  readonly width: number;
  readonly activation: Activation;
  /** Absent: false. */
  readonly residual?: boolean | undefined;
  /** Absent: linear. See headOf. */
  readonly head?: Head | undefined;
}

export interface Field extends Network {
  /** Coordinate dimensions, 1 to 4. */
  readonly inputs: number;
  /** Channels, 1 to 16. */
  readonly outputs: number;
}

/** Closed limits of a Field; the schema and the decoder both refuse anything outside them. */
export const FIELD_LIMITS = {
  inputs: [1, 4],
  outputs: [1, 16],
  depth: [1, 12],
  width: [4, 256],
  octaves: [1, 16],
  features: [4, 256],
  omega: [0.01, 1000],
  sigma: [0.01, 1000],
  levels: [1, 16],
  gridFeatures: [1, 16],
  resolution: [2, 8192],
  tableLog2: [4, 24],
  biasRange: [0, 1000],
  gaborScale: [0.01, 1000],
  gaussianSigma: [0.001, 1000],
} as const;

/** The grid of an encoding that has one, else null. */
export function gridOf(encoding: Encoding): Extract<Encoding, GridShape> | null {
  return encoding.kind === 'dense-grid' || encoding.kind === 'hash-grid' ? encoding : null;
}

/** Features that the encoding hands to the first layer. */
export function encodedWidth(encoding: Encoding, inputs: number): number {
  switch (encoding.kind) {
    case 'identity':
      return inputs;
    case 'octaves':
      return inputs * 2 * encoding.octaves + (encoding.includeInput ? inputs : 0);
    case 'fourier':
      return 2 * encoding.features;
    case 'dense-grid':
    case 'hash-grid':
      return encoding.levels * encoding.features;
    default:
      return encoding satisfies never;
  }
}

/** omega of hidden layer `index` (0 = first); 1 for activations without one. */
export function omegaOf(activation: Activation, index: number): number {
  return 'omega0' in activation ? (index === 0 ? activation.omega0 : activation.omegaHidden) : 1;
}

/** The head of a network, with its default. */
export function headOf(network: Pick<Network, 'head'>): Head {
  return network.head ?? 'linear';
}

/** Whether hidden layer `index` closes a residual block, so that its output is averaged with that of layer index - 2. */
export function closesBlock(network: Pick<Network, 'residual'>, index: number): boolean {
  return network.residual === true && index >= 2 && index % 2 === 0;
}

/** Joins a network with what the signal decides. */
export function fieldFor(network: Network, inputs: number, outputs: number): Field {
  const { encoding, depth, width, activation, residual, head } = network;
  return { inputs, outputs, encoding, depth, width, activation, ...(residual ? { residual } : {}), ...(head && head !== 'linear' ? { head } : {}) };
}
