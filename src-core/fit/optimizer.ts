/**
 * The update rules in float64: the definition that every engine is checked against. g is the gradient of the mean loss, after
 * clipping; t counts steps from 1; the schedule scales the learning rates of both rules alike.
 *
 * Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (AdamW, Loshchilov and Hutter 2019):
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *     p = p - rate (mHat / (sqrt(vHat) + epsilon) + decay p),   mHat = m / (1 - beta1^t), vHat = v / (1 - beta2^t)
 * Decay holds for weights of dense layers, not for biases and tables. A number of a table whose gradient is exactly 0 is left alone,
 * its moments too (Mueller et al. 2022): most vectors of a hash table are not seen in a step.
 *
 * Muon (Jordan et al. 2024) for hidden matrices (isHiddenMatrix in layout.ts):
 *     m = momentum m + (1 - momentum) g,   u = (1 - momentum) g + momentum m            (Nesterov)
 *     p = p - muonRate (orthogonalized(u) + decay p)
 * where orthogonalized() is five Newton-Schulz steps X = a X + (b A + c A A) X, A = X X^T, from X = u / (|u| + 1e-7), Frobenius norm. The
 * matrix is taken as it is stored, [fan-in][fan-out]; hidden matrices are square. moment2 is not used.
 *
 * Clipping: with n the Euclidean norm of all of g, g is multiplied by clip / n where n > clip.
 *
 * Averaging: after step t, average = d average + (1 - d) p, d = min(average, (1 + t) / (10 + t)), from the initial parameters.
 */

/** Coefficients of the Newton-Schulz iteration (Jordan et al. 2024) and its number of steps. */
export const NEWTON_SCHULZ = { a: 3.4445, b: -4.775, c: 2.0315, steps: 5, epsilon: 1e-7 } as const;

/** Decay of the parameter average at step t (counted from 1). */
export function averageDecay(decay: number, t: number): number {
  return Math.min(decay, (1 + t) / (10 + t));
}

/** Factor for a gradient of norm `norm`. */
export function clipFactor(clip: number | null, norm: number): number {
  return clip !== null && norm > clip ? clip / norm : 1;
}

type Matrix = Float64Array;

/** C = A B for n x n matrices, row-major. */
function multiply(a: Matrix, b: Matrix, n: number): Matrix {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const value = a[i * n + k]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += value * b[k * n + j]!;
    }
  }
  return c;
}

/** Newton-Schulz orthogonalization of an n x n matrix, row-major. */
export function orthogonalized(update: ArrayLike<number>, n: number): Matrix {
  const { a, b, c, steps, epsilon } = NEWTON_SCHULZ;
  let x = Float64Array.from(update);
  const norm = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0)) + epsilon;
  x = x.map((value) => value / norm);
  for (let step = 0; step < steps; step++) {
    const transposed = x.map((_, i) => x[(i % n) * n + Math.floor(i / n)]!);
    const gram = multiply(x, transposed, n);
    const square = multiply(gram, gram, n);
    const polynomial = gram.map((value, i) => b * value + c * square[i]!);
    const product = multiply(polynomial, x, n);
    x = x.map((value, i) => a * value + product[i]!);
  }
  return x;
}
