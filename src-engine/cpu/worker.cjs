/*
 * One thread of the pool (pool.ts). Started from source text, so that no bundler has to resolve a path; plain CommonJS, no
 * imports but Node's own. Answers every job with {job, result} or {job, error}; blocks of samples come as {job, part}.
 */
'use strict';
/* eslint-disable @typescript-eslint/no-require-imports -- evaluated as CommonJS, where nothing can be imported otherwise */
const os = require('node:os');
const { parentPort, workerData } = require('node:worker_threads');

// On Linux a priority belongs to one thread, and process 0 is the calling thread: a window on the same cores stays quick while
// these compute. Elsewhere it would slow the whole process down.
if (workerData.background && process.platform === 'linux') {
  try {
    os.setPriority(0, os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed here: then all threads are equal.
  }
}

/** WebAssembly instances by the key of the memory that they work on. */
const instances = new Map();

function instanceOf(key, module, memory) {
  let entry = instances.get(key);
  if (entry === undefined) {
    entry = { memory, exports: new WebAssembly.Instance(workerData.modules[module], { env: { memory } }).exports };
    instances.set(key, entry);
  }
  return entry;
}

/**
 * Takes blocks from the shared counter until they are gone or the job was called off (control[1]): 0; or until its time is over: 1,
 * and whoever asks again goes on from the counter.
 */
function blocks(message, compute) {
  const { job, control, points, blockPoints, milliseconds = Infinity } = message;
  const end = performance.now() + milliseconds;
  for (;;) {
    if (performance.now() > end) return 1;
    const first = Atomics.add(control, 0, 1) * blockPoints;
    if (first >= points || Atomics.load(control, 1) !== 0) return 0;
    const values = compute(first, Math.min(blockPoints, points - first));
    parentPort.postMessage({ job, part: { first, values } }, [values.buffer]);
  }
}

const kinds = {
  derive({ thread, key, memory }) {
    if (thread === 0) instanceOf(key, 'trainer', memory).exports.derive();
    return 0;
  },
  train({ thread, threads, key, memory, first, steps }) {
    return instanceOf(key, 'trainer', memory).exports.run(thread, threads, first, steps);
  },
  swarm({ key, memory, members, count, first, steps }) {
    return instanceOf(key, 'trainer', memory).exports.runMembers(members, count, first, steps);
  },
  evaluate(message) {
    const { thread, key, output, channels } = message;
    const { memory, exports } = instanceOf(key, 'trainer', message.memory);
    return blocks(message, (first, count) => {
      exports.evaluate(thread, first, count);
      return new Float32Array(memory.buffer, output[thread], count * channels).slice();
    });
  },
  synthesize(message) {
    const { thread, key, output, channels, bytes } = message;
    const { memory, exports } = instanceOf(key, 'exact', message.memory);
    const Values = { 1: Uint8Array, 2: Uint16Array, 4: Float32Array }[bytes];
    return blocks(message, (first, count) => {
      exports.synthesize(thread, first, count);
      return new Values(memory.buffer, output[thread], count * channels).slice();
    });
  },
  forget({ key }) {
    instances.delete(key);
    return 0;
  },
};

parentPort.on('message', (message) => {
  try {
    parentPort.postMessage({ job: message.job, result: kinds[message.kind](message) });
  } catch (error) {
    parentPort.postMessage({ job: message.job, error: error instanceof Error ? error.message : String(error) });
  }
});
