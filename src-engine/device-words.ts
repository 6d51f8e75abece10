/** What runs a fit, in words that people read. */
import type { DeviceFacts } from './engine';

/** 'cpu, 2 threads, WebAssembly SIMD'; the engine's name where the device's does not say it already. */
export function deviceWords(facts: Pick<DeviceFacts, 'engine' | 'name'>): string {
  return facts.name.includes(facts.engine) ? facts.name : `${facts.engine}, ${facts.name}`;
}

/** Every further fact: 'threads 2', 'relaxed SIMD', 'no subgroups'. */
export function detailWords(facts: Pick<DeviceFacts, 'details'>): string[] {
  return Object.entries(facts.details).map(([name, value]) => (value === true ? name : value === false ? `no ${name}` : `${name} ${value}`));
}
