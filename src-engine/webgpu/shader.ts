/**
 * Composition of WGSL programs: named constants first, then modules in the order in which they lean on each other. A program is
 * specialised for its Field by constants alone; modules choose nothing at run time that the Field decides.
 */
import activationFiner from '../../shaders/activation-finer.wgsl?raw';
import activationGabor from '../../shaders/activation-gabor.wgsl?raw';
import activationGaussian from '../../shaders/activation-gaussian.wgsl?raw';
import activationGelu from '../../shaders/activation-gelu.wgsl?raw';
import activationLinear from '../../shaders/activation-linear.wgsl?raw';
import activationRelu from '../../shaders/activation-relu.wgsl?raw';
import activationSine from '../../shaders/activation-sine.wgsl?raw';
import activationSnakeAlt from '../../shaders/activation-snake-alt.wgsl?raw';
import adam from '../../shaders/adam.wgsl?raw';
import carry from '../../shaders/carry.wgsl?raw';
import carryNone from '../../shaders/carry-none.wgsl?raw';
import coordinates from '../../shaders/coordinates.wgsl?raw';
import denseBackwardInput from '../../shaders/dense-backward-input.wgsl?raw';
import denseBackwardWeights from '../../shaders/dense-backward-weights.wgsl?raw';
import denseForward from '../../shaders/dense-forward.wgsl?raw';
import encode from '../../shaders/encode.wgsl?raw';
import encodeGrid from '../../shaders/encode-grid.wgsl?raw';
import encodingFourier from '../../shaders/encoding-fourier.wgsl?raw';
import encodingIdentity from '../../shaders/encoding-identity.wgsl?raw';
import encodingOctaves from '../../shaders/encoding-octaves.wgsl?raw';
import gradientNorm from '../../shaders/gradient-norm.wgsl?raw';
import gradientPartials from '../../shaders/gradient-partials.wgsl?raw';
import gradientReduce from '../../shaders/gradient-reduce.wgsl?raw';
import gradientWhole from '../../shaders/gradient-whole.wgsl?raw';
import gridCells from '../../shaders/grid-cells.wgsl?raw';
import gridCorners from '../../shaders/grid-corners.wgsl?raw';
import featuresGrid from '../../shaders/features-grid.wgsl?raw';
import featuresPlain from '../../shaders/features-plain.wgsl?raw';
import headLinear from '../../shaders/head-linear.wgsl?raw';
import headLogistic from '../../shaders/head-logistic.wgsl?raw';
import layer from '../../shaders/layer.wgsl?raw';
import loss from '../../shaders/loss.wgsl?raw';
import lossHuber from '../../shaders/loss-huber.wgsl?raw';
import lossL1 from '../../shaders/loss-l1.wgsl?raw';
import lossL2 from '../../shaders/loss-l2.wgsl?raw';
import lossMape from '../../shaders/loss-mape.wgsl?raw';
import lossRelativeL2 from '../../shaders/loss-relative-l2.wgsl?raw';
import lossSum from '../../shaders/loss-sum.wgsl?raw';
import lossTerms from '../../shaders/loss-terms.wgsl?raw';
import muonApply from '../../shaders/muon-apply.wgsl?raw';
import muonMomentum from '../../shaders/muon-momentum.wgsl?raw';
import muonProduct from '../../shaders/muon-product.wgsl?raw';
import muonScale from '../../shaders/muon-scale.wgsl?raw';
import parameterRoles from '../../shaders/parameter-roles.wgsl?raw';
import placeGrid from '../../shaders/place-grid.wgsl?raw';
import placeList from '../../shaders/place-list.wgsl?raw';
import placeStream from '../../shaders/place-stream.wgsl?raw';
import pointError from '../../shaders/point-error.wgsl?raw';
import pointGrid from '../../shaders/point-grid.wgsl?raw';
import pointList from '../../shaders/point-list.wgsl?raw';
import pointStratified from '../../shaders/point-stratified.wgsl?raw';
import pointUniform from '../../shaders/point-uniform.wgsl?raw';
import present from '../../shaders/present.wgsl?raw';
import random from '../../shaders/random.wgsl?raw';
import rawSample from '../../shaders/raw-sample.wgsl?raw';
import settleAverage from '../../shaders/settle-average.wgsl?raw';
import settlePlain from '../../shaders/settle-plain.wgsl?raw';
import sine from '../../shaders/sine.wgsl?raw';
import sineProduct from '../../shaders/sine-product.wgsl?raw';
import storeBlock from '../../shaders/store-block.wgsl?raw';
import storeBlockSlope from '../../shaders/store-block-slope.wgsl?raw';
import stratum from '../../shaders/stratum.wgsl?raw';
import storeValue from '../../shaders/store-value.wgsl?raw';
import storeValueSlope from '../../shaders/store-value-slope.wgsl?raw';
import networkPoint from '../../shaders/network-point.wgsl?raw';
import tableAdam from '../../shaders/table-adam.wgsl?raw';
import tableClipped from '../../shaders/table-clipped.wgsl?raw';
import tableFold from '../../shaders/table-fold.wgsl?raw';
import tableFolded from '../../shaders/table-folded.wgsl?raw';
import tableLargest from '../../shaders/table-largest.wgsl?raw';
import tableScale from '../../shaders/table-scale.wgsl?raw';
import tableScatter from '../../shaders/table-scatter.wgsl?raw';
import tableSquares from '../../shaders/table-squares.wgsl?raw';
import tableWords from '../../shaders/table-words.wgsl?raw';
import targetSignal from '../../shaders/target-signal.wgsl?raw';
import targetStream from '../../shaders/target-stream.wgsl?raw';
import work from '../../shaders/work.wgsl?raw';
import traceSurface from '../../shaders/trace-surface.wgsl?raw';
import workTypes from '../../shaders/work-types.wgsl?raw';
import workgroupSum from '../../shaders/workgroup-sum.wgsl?raw';
import swarm from '../../shaders/swarm.wgsl?raw';

export const MODULES = {
  'activation-finer': activationFiner,
  'activation-gabor': activationGabor,
  'activation-gaussian': activationGaussian,
  'activation-gelu': activationGelu,
  'activation-linear': activationLinear,
  'activation-relu': activationRelu,
  'activation-sine': activationSine,
  'activation-snake-alt': activationSnakeAlt,
  adam,
  carry,
  'carry-none': carryNone,
  coordinates,
  'dense-backward-input': denseBackwardInput,
  'dense-backward-weights': denseBackwardWeights,
  'dense-forward': denseForward,
  encode,
  'encode-grid': encodeGrid,
  'encoding-fourier': encodingFourier,
  'encoding-identity': encodingIdentity,
  'encoding-octaves': encodingOctaves,
  'features-grid': featuresGrid,
  'features-plain': featuresPlain,
  'gradient-norm': gradientNorm,
  'gradient-partials': gradientPartials,
  'gradient-reduce': gradientReduce,
  'gradient-whole': gradientWhole,
  'grid-cells': gridCells,
  'grid-corners': `${gridCells}\n${gridCorners}`,
  'head-linear': headLinear,
  'head-logistic': headLogistic,
  layer,
  loss,
  'loss-huber': lossHuber,
  'loss-l1': lossL1,
  'loss-l2': lossL2,
  'loss-mape': lossMape,
  'loss-relative-l2': lossRelativeL2,
  'loss-sum': lossSum,
  'loss-terms': lossTerms,
  'muon-apply': muonApply,
  'muon-momentum': muonMomentum,
  'muon-product': muonProduct,
  'muon-scale': muonScale,
  'network-point': networkPoint,
  'parameter-roles': parameterRoles,
  'place-grid': placeGrid,
  'place-list': placeList,
  'place-stream': placeStream,
  'point-error': pointError,
  'point-grid': pointGrid,
  'point-list': pointList,
  'point-stratified': pointStratified,
  'point-uniform': pointUniform,
  present,
  random,
  'raw-sample': rawSample,
  'settle-average': settleAverage,
  'settle-plain': settlePlain,
  sine,
  'sine-product': sineProduct,
  'store-block': storeBlock,
  'store-block-slope': storeBlockSlope,
  stratum,
  'store-value': storeValue,
  'store-value-slope': storeValueSlope,
  'table-adam': tableAdam,
  'table-clipped': tableClipped,
  'table-fold': tableFold,
  'table-folded': tableFolded,
  'table-largest': tableLargest,
  'table-scale': tableScale,
  'table-scatter': tableScatter,
  'table-squares': tableSquares,
  'table-words': tableWords,
  'target-signal': targetSignal,
  'target-stream': targetStream,
  'trace-surface': traceSurface,
  work: `${workTypes}\n${work}`,
  'work-types': workTypes,
  'workgroup-sum': workgroupSum,
  swarm,
} as const;

export type ModuleName = keyof typeof MODULES;

/** A constant of a program: an unsigned integer, a truth value, or { float }. */
export type Constant = number | boolean | { readonly float: number };
export type Constants = Readonly<Record<string, Constant>>;

function declaration(name: string, value: Constant): string {
  if (typeof value === 'boolean') return `const ${name}: bool = ${value};`;
  if (typeof value === 'number') return `const ${name}: u32 = ${value}u;`;
  return `const ${name}: f32 = ${Math.fround(value.float)}f;`;
}

/** Source of a program. Throws for a constant that WGSL could not hold. */
export function composeShader(constants: Constants, modules: readonly ModuleName[]): string {
  for (const [name, value] of Object.entries(constants)) {
    const number = typeof value === 'object' ? value.float : Number(value);
    const valid = typeof value === 'number' ? Number.isInteger(value) && value >= 0 && value < 2 ** 32 : Number.isFinite(Math.fround(number));
    if (!valid) throw new RangeError(`The shader constant ${name} = ${number} cannot be written in WGSL.`);
  }
  const declarations = Object.entries(constants).map(([name, value]) => declaration(name, value));
  return [...declarations, ...modules.map((name) => MODULES[name])].join('\n');
}
