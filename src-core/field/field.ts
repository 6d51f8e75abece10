/**
 * A Field is the closed, typed description of a coordinate network: encoding -> hidden layers -> linear head. It is data,
 * never code: it goes into the file, and parameter layout and initialisation follow from it alone.
 *
 * Conventions that every engine and the decoder share:
 * - coordinates lie in [-1, 1]^inputs (see signal/coordinates.ts);
 * - a dense layer computes z[o] = bias[o] + sum_i x[i] * weight[i][o]; weights are stored [fan-in][fan-out];
 * - a sine layer outputs sin(omega * z), with omega0 in the first hidden layer and omegaHidden in the others (SIREN,
 *   Sitzmann et al. 2020); a ReLU layer outputs max(0, z);
 * - the head is dense and linear; the sample in [0, 1] is 0.5 + 0.5 * z.
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
  | { readonly kind: 'fourier'; readonly features: number; readonly sigma: number; readonly seed: number };

export type Activation =
  | { readonly kind: 'sine'; readonly omega0: number; readonly omegaHidden: number }
  | { readonly kind: 'relu' };

/** The network apart from what the signal decides (inputs and outputs). */
export interface Network {
  readonly encoding: Encoding;
  /** Number of hidden layers, 1 to 12. */
  readonly depth: number;
  /** Units in every hidden layer, 4 to 256, a multiple of 4. */
  readonly width: number;
  readonly activation: Activation;
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
} as const;

/** Features that the encoding hands to the first layer. */
export function encodedWidth(encoding: Encoding, inputs: number): number {
  switch (encoding.kind) {
    case 'identity':
      return inputs;
    case 'octaves':
      return inputs * 2 * encoding.octaves + (encoding.includeInput ? inputs : 0);
    case 'fourier':
      return 2 * encoding.features;
    default:
      return encoding satisfies never;
  }
}

/** omega of hidden layer `index` (0 = first); 1 for activations without one. */
export function omegaOf(activation: Activation, index: number): number {
  return activation.kind === 'sine' ? (index === 0 ? activation.omega0 : activation.omegaHidden) : 1;
}

/** Joins a network with what the signal decides. */
export function fieldFor(network: Network, inputs: number, outputs: number): Field {
  const { encoding, depth, width, activation } = network;
  return { inputs, outputs, encoding, depth, width, activation };
}
