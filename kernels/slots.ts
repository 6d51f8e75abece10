/**
 * The one description of the job record that TypeScript writes and the kernels read: 32-bit words at address JOB of the
 * linear memory. This file is compiled twice, by TypeScript and by AssemblyScript, so it holds plain enums only.
 *
 * 'address' is a byte address in the linear memory, 'bytes' a distance; everything else is a count. Words marked f32 hold the
 * bits of a float32.
 */
export enum Slot {
  /** Coordinate dimensions, 1 to 4, and channels, 1 to 16. */
  Inputs = 0,
  Outputs,
  /** Layers with the head. */
  Layers,
  /** Of the hidden layers, an ActivationKind. */
  Activation,
  /** f32: factor of z^2 in the exponent, of Gabor and Gaussian. */
  ActivationRate,
  /** Offset inside a thread's scratch of two buffers for the gradients of residual blocks; 0: no such network. */
  Residual,
  /** f32: k of the head's sample 1 / (1 + exp(-k z)); 0: the sample is 0.5 + 0.5 z. */
  HeadRate,
  /** Samples in a tile, a multiple of 4. */
  Tile,
  /** Encoding: features of the phase product (0: the coordinates themselves), its matrix and phase offsets in half-turns. */
  Phases,
  PhasePanels,
  PhaseOffsets,
  /** The first features are the coordinates instead. */
  IncludeInput,
  /** A zero for every feature and every unit. */
  Zeros,
  /** Coefficients of sine (c4 ... c0, docs/FORMAT.md), then of cosine (c4 ... c0), each four times: 80 bytes and 80 bytes. */
  Coefficients,
  /** Grid that is evaluated: extents 0 ... 3. */
  Grid,
  GridLast = Grid + 3,
  /** Evaluation at points of the grid instead of all of it: address of their indices; 0: all. */
  PointList,
  /** Evaluation: address and bytes of the output of one thread. */
  Output,
  OutputStride,
  /** Exact synthesis: 127.5 or 32767.5 (f32), bytes of a stored sample; 4: float32 heads as they are. */
  Half,
  StoredBytes,
  /** Buffers of one thread: address of the first thread's, bytes between threads. */
  Scratch,
  ScratchStride,
  /** Forward weights in panels, backward weights in transposed panels. */
  Forward,
  Backward,

  /** Training: see trainer.ts. */
  Batch,
  Chunks,
  ChunkSamples,
  Points,
  Seed,
  /** A SamplingKind; stratified: length of an arc; error: cells, points of a cell, addresses of the cells' limits and of a guide to them. */
  Sampling,
  Arc,
  Cells,
  CellPoints,
  CellLimits,
  CellGuide,
  Data,
  DataBytes,
  DataMaximum,
  DataGrid,
  DataGridLast = DataGrid + 3,
  /** Address of the coordinates of a list of points, Inputs f32 each; 0: the points are those of the grid. */
  DataPoints,
  Master,
  Moment1,
  Moment2,
  Gradients,
  GradientStride,
  /** Sums of the loss and of the squared error of each chunk (two f64). */
  ChunkLoss,
  /** Sums over the steps of one run of the mean loss and of the mean squared error (two f64). */
  LossTotal,
  /** A LossKind, and its epsilon or delta (f32). */
  Loss,
  LossConstant,
  /** RateSlot.Words f32 a step. */
  Rates,
  Beta1,
  OneMinusBeta1,
  Beta2,
  OneMinusBeta2,
  Epsilon,
  /** Moving average of the parameters, as Master; 0: none. */
  Average,
  /** f32: largest norm of the gradient; 0: any. */
  Clip,
  /** Sums of squares of the gradient, a float64 every 64 bytes, and their bytes; 0: neither clipping nor Muon. */
  Squares,
  SquaresBytes,
  /** Muon: three matrices a hidden layer (0: no Muon) and sums of squares of the first, see kernels/assembly/muon.ts; f32: momentum. */
  Muon,
  MuonSquares,
  Momentum,
  OneMinusMomentum,
  /** Shared control words, see Control. */
  Control,

  /** Grid encoding: levels (0: none), address of their records (LevelSlot.Words words each), features of a level. */
  Levels,
  LevelTable,
  LevelFeatures,
  /** Bytes of a vector in memory; addresses of the tables and, in training, of their moments and gradient sums; bytes of each. */
  VectorBytes,
  Tables,
  TableMoment1,
  TableMoment2,
  TableSums,
  TableBytes,
  /** Moving average of the tables; 0: none. */
  TableAverage,
  /** Sums of squares of the gradient of the tables, see kernels/assembly/rounds.ts. */
  TableSquares,
  /** f32: factor from the raw gradient of a table to the true one. */
  TableScale,
  /** Offset inside a thread's scratch of corners, points and vectors of one tile. */
  TableScratch,
  /** Rounds of a step and samples of a chunk in one round; then what a round keeps of its samples, see kernels/assembly/rounds.ts. */
  Rounds,
  RoundSamples,
  RoundPoints,
  RoundVectors,
  RoundTargets,

  /** Table of layers, LayerSlot.Words words each. */
  LayerTable,
}

/** Numbers (f32) of one step. */
export enum RateSlot {
  /** Adam: rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t), rate x weight decay. */
  Adam = 0,
  Root,
  Decay,
  /** Muon: its rate, its rate x weight decay. */
  Muon,
  MuonDecay,
  /** Average: d and 1 - d. */
  Keep,
  Blend,
  Words = 8,
}

/** src-core/field/field.ts, Activation. */
export enum ActivationKind {
  Relu = 0,
  Sine,
  Gelu,
  Finer,
  Gabor,
  Gaussian,
  Snake,
}

/** src-core/fit/sampling.ts. */
export enum SamplingKind {
  Uniform = 0,
  Stratified,
  Full,
  /** Uniform as long as there are no cells. */
  Error,
}

/** src-core/fit/loss.ts. */
export enum LossKind {
  L2 = 0,
  L1,
  RelativeL2,
  Huber,
  Mape,
}

/** One level of a grid. */
export enum LevelSlot {
  /** f32: (N - 1) / 2 and N - 2 of N nodes along an axis. */
  Half = 0,
  LastCell,
  /** Stored vectors - 1 where the level is hashed, else 0. */
  Mask,
  /** Of each axis: what a node's position is multiplied with (powers of N, or the primes of the hash). */
  Multiplier,
  MultiplierLast = Multiplier + 3,
  /** Bytes before the level's vectors. */
  Offset,
  /** Bytes of its vectors. */
  Bytes,
  Words = 16,
}

/** One dense layer in the table; offsets are bytes inside each of the parameter buffers. */
export enum LayerSlot {
  FanIn = 0,
  /** Fan-in in blocks of 8, fan-out in panels of 8. */
  InBlocks,
  FanOut,
  OutPanels,
  Weight,
  Bias,
  /** f32: factor from the stored parameter to the forward one; ... to the backward one; ... from the raw gradient to the true one. */
  ForwardScale,
  BackwardScale,
  GradientScale,
  /** Offset inside a thread's scratch of this layer's inputs, of its outputs, and of the derivative of its activation. */
  Input,
  Result,
  Slope,
  /** f64, two words: omega / pi. */
  HalfTurns,
  /** Offset inside a thread's scratch of the values that this layer's are averaged with; 0: none. */
  Shortcut = HalfTurns + 2,
  Words = 16,
}

/** One member of a swarm: the words of the job record that are its own, and the sums of its losses (LossTotal, two f64). */
export enum MemberSlot {
  Seed = 0,
  Points,
  Data,
  DataGrid,
  DataGridLast = DataGrid + 3,
  Master,
  Moment1,
  Moment2,
  Average,
  Loss = 12,
  Words = 16,
}

/** Words that the threads of one run share; each on its own 64 bytes. */
export enum Control {
  NextChunk = 0,
  Arrived = 16,
  Generation = 32,
  /** 0 go on, 1 end after this step, 2 leave at once (a thread died). */
  Stop = 48,
  Decision = 64,
  StepsDone = 80,
  Words = 96,
}

/** Fixed places and sizes. */
export enum Place {
  /** Below lie the static data of the compiled modules. */
  Job = 65536,
  JobBytes = 4096,
}
