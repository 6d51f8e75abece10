/** Keeps in this browser which GPU kernels were measured to be the fastest; where it keeps nothing, they are measured again. */
import type { TuningStore } from '#engine/webgpu/autotune';

const PREFIX = 'inr-studio ';

export const localTunings: TuningStore = {
  get(key) {
    try {
      return localStorage.getItem(PREFIX + key);
    } catch {
      return null;
    }
  },
  set(key, choice) {
    try {
      localStorage.setItem(PREFIX + key, choice);
    } catch {
      // Full, or forbidden here.
    }
  },
};
