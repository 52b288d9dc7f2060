import { compilerMutants, engineParts, findDifference, flowsOf, generateWorld } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const worlds = Array.from({ length: 200 }, (_, seed) => generateWorld(seed));
const flows = worlds.map((world) => flowsOf(world));

describe('the random worlds find planted compiler faults', () => {
  it('of at least 20 kinds', () => {
    expect(new Set(compilerMutants.map(({ name }) => name)).size).toBe(compilerMutants.length);
    expect(compilerMutants.length).toBeGreaterThanOrEqual(20);
  });

  it.each(compilerMutants)('$name', { timeout: 300_000 }, ({ plant }) => {
    const parts = plant(engineParts);
    const seed = worlds.findIndex((world, i) => findDifference(world, { parts, flows: flows[i] ?? [] }) !== undefined);
    expect(seed).toBeGreaterThanOrEqual(0);
  });
});
