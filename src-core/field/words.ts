/** Networks in words that people read; the files and the command line have their own spelling of them (fit/option-words.ts). */
import { headOf, type Activation, type Encoding, type Network } from './field';

const ACTIVATIONS: Readonly<Record<Activation['kind'], string>> = {
  sine: 'sine',
  relu: 'ReLU',
  gelu: 'GELU',
  finer: 'FINER',
  gabor: 'Gabor',
  gaussian: 'Gaussian',
  'snake-alt': 'SnakeAlt',
};

/** 'sine', 'ReLU', 'FINER'. */
export function activationName(kind: Activation['kind']): string {
  return ACTIVATIONS[kind];
}

/** 'sine, omega 60 in the first layer, 30 in the others'. */
export function activationWords(activation: Activation): string {
  const words = [activationName(activation.kind)];
  if ('omega0' in activation) words.push(`omega ${activation.omega0} in the first layer, ${activation.omegaHidden} in the others`);
  if (activation.kind === 'finer') words.push(`first biases within ${activation.biasRange}`);
  if (activation.kind === 'gabor') words.push(`scale ${activation.scale}`);
  if (activation.kind === 'gaussian') words.push(`sigma ${activation.sigma}`);
  return words.join(', ');
}

const grids = (encoding: Extract<Encoding, { levels: number }>): string =>
  `${encoding.levels} ${encoding.kind === 'hash-grid' ? 'hash' : 'dense'} ${encoding.levels === 1 ? 'grid' : 'grids'}`;

/** '96 random Fourier features, sigma 20, seed 1': everything that an encoding is. */
export function encodingWords(encoding: Encoding): string {
  switch (encoding.kind) {
    case 'identity':
      return 'none (the coordinates themselves)';
    case 'octaves':
      return `${encoding.octaves} octaves${encoding.includeInput ? ' and the coordinates' : ''}`;
    case 'fourier':
      return `${encoding.features} random Fourier features, sigma ${encoding.sigma}, seed ${encoding.seed}`;
    case 'dense-grid':
    case 'hash-grid': {
      const table = encoding.kind === 'hash-grid' ? `, at most 2^${encoding.tableLog2} vectors a level` : '';
      return `${grids(encoding)}, ${encoding.coarsest} to ${encoding.finest} nodes an axis, ${encoding.features} features each${table}`;
    }
    default:
      return encoding satisfies never;
  }
}

/** The encoding in a word or two; '' where there is none. */
function briefEncoding(encoding: Encoding): string {
  switch (encoding.kind) {
    case 'identity':
      return '';
    case 'octaves':
      return `${encoding.octaves} octaves`;
    case 'fourier':
      return `${encoding.features} Fourier features`;
    case 'dense-grid':
    case 'hash-grid':
      return grids(encoding);
    default:
      return encoding satisfies never;
  }
}

/** A whole network in one line: '8 octaves, 4 ReLU layers of 64', '5 residual sine layers of 64, tanh head'. */
export function networkWords(network: Network): string {
  const { encoding, depth, width, activation, residual } = network;
  const layers = `${depth} ${residual ? 'residual ' : ''}${activationName(activation.kind)} ${depth === 1 ? 'layer' : 'layers'} of ${width}`;
  const head = headOf(network);
  return [briefEncoding(encoding), layers, head === 'linear' ? '' : `${head} head`].filter(Boolean).join(', ');
}
