/**
 * The compiled kernels, and which build of the trainer runs here. There are two from one source: `plain` for every host with
 * WebAssembly SIMD, and `relaxed` with the fused multiply-adds of relaxed SIMD (WebAssembly 3.0), which are one operation instead of
 * two. The exact decoder never fuses.
 *
 * Electron and Node from 21 on have relaxed SIMD. Node 20 has it behind a flag of V8 11.3, with the final opcodes. V8 reads the flag
 * when it compiles or validates a module, and code that it optimizes later, on any thread, follows its module; so the flag is set
 * for that moment only.
 */
import { setFlagsFromString } from 'node:v8';
import { wasmBase64 as exactBase64 } from '#kernels/build/exact-shared.wasm';
import { wasmBase64 as relaxedBase64 } from '#kernels/build/trainer-relaxed.wasm';
import { wasmBase64 as plainBase64 } from '#kernels/build/trainer.wasm';

export type KernelBuild = 'plain' | 'relaxed';

export interface KernelModules {
  readonly trainer: WebAssembly.Module;
  readonly exact: WebAssembly.Module;
}

/** A module with one function: i32x4.splat(0) three times, then f32x4.relaxed_madd. */
const BODY = [0, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0xfd, 0x85, 2, 0x0b];
const PROBE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, BODY.length + 2, 1, BODY.length, ...BODY);

const behindFlag = /^11\.3\./.test(process.versions.v8);

/** Runs `compile`, which may use relaxed SIMD wherever this host has it. */
export function allowingRelaxed<Result>(compile: () => Result): Result {
  if (!behindFlag) return compile();
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  try {
    return compile();
  } finally {
    setFlagsFromString('--no-experimental-wasm-relaxed-simd');
  }
}

/** The fastest build that this host takes. */
export const HOST_BUILD: KernelBuild = allowingRelaxed(() => WebAssembly.validate(PROBE)) ? 'relaxed' : 'plain';

const compiled = new Map<KernelBuild, KernelModules>();

/** Modules of a build; compiled once. Throws WebAssembly.CompileError where the host has no relaxed SIMD and `relaxed` is asked for. */
export function kernelModules(build: KernelBuild): KernelModules {
  let modules = compiled.get(build);
  if (modules === undefined) {
    const compile = (base64: string): WebAssembly.Module => new WebAssembly.Module(new Uint8Array(Buffer.from(base64, 'base64')));
    modules = { trainer: build === 'plain' ? compile(plainBase64) : allowingRelaxed(() => compile(relaxedBase64)), exact: compile(exactBase64) };
    compiled.set(build, modules);
  }
  return modules;
}
