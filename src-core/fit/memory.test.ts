import { describe, expect, it } from 'vitest';
import { fieldFor } from '../field/field';
import { parameterLayout } from '../field/layout';
import { PLAN_DEFAULTS, type FitPlan } from './config';
import { KIND_DEFAULTS } from './kinds';
import { trainingBytes } from './memory';

const { adam, muon } = KIND_DEFAULTS['plan.optimizer'];
const plan: FitPlan = { ...PLAN_DEFAULTS, steps: 9, batch: 100, optimizer: adam, schedule: { kind: 'constant' } };
const field = fieldFor({ encoding: { kind: 'identity' }, depth: 4, width: 12, activation: { kind: 'relu' } }, 2, 3);
const { length } = parameterLayout(field);
const ACTIVATIONS = 2 + 2 * 4 * 12 + 3;

describe('the memory of a fit', () => {
  it('holds parameters, gradient and both moments, and a batch', () => {
    expect(trainingBytes(field, plan, 5000)).toBe(4 * (4 * length + 100 * ACTIVATIONS));
    expect(trainingBytes(field, { ...plan, sampling: { kind: 'full' } }, 5000)).toBe(4 * (4 * length + 5000 * ACTIVATIONS));
  });

  it('holds the average where there is one, and the three matrices of Muon for each hidden one', () => {
    const bytes = trainingBytes(field, plan, 5000);
    expect(trainingBytes(field, { ...plan, average: 0 }, 5000) - bytes).toBe(4 * length);
    expect(trainingBytes(field, { ...plan, optimizer: muon }, 5000) - bytes).toBe(4 * 3 * 3 * 12 * 12);
    expect(trainingBytes({ ...field, depth: 1 }, { ...plan, optimizer: muon }, 5000)).toBe(trainingBytes({ ...field, depth: 1 }, plan, 5000));
  });

  it('holds two words for the gradient of a number of a table', () => {
    const grid = { ...field, encoding: { kind: 'hash-grid', levels: 3, features: 2, coarsest: 4, finest: 16, tableLog2: 6 } } as const;
    const numbers = (16 + 64 + 64) * 2;
    expect(trainingBytes(grid, plan, 5000) - trainingBytes(field, plan, 5000)).toBe(4 * (5 * numbers + 4 * 4 * 12 + 100 * 4));
  });
});
