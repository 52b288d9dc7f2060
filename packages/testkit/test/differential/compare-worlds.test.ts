import { compilerMutants, engineParts, expectNoDifference, generateWorld } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

describe('a difference between engine and oracle', () => {
  it.each(['except is ignored', 'port names of sidecars are left out', 'hostNetwork pods are selected'])(
    'is reported with its seed, flow and smallest manifest: %s',
    { timeout: 120_000 },
    (name) => {
      const parts = compilerMutants.find((mutant) => mutant.name === name)?.plant(engineParts) ?? engineParts;
      let message = '';
      for (let seed = 0; seed < 200 && message === ''; seed++) {
        try {
          expectNoDifference(`seed ${seed}`, generateWorld(seed), { parts });
        } catch (error) {
          message = String(error);
        }
      }
      const [title, flow, oracle, engine, ...manifest] = message.split('\n');
      expect(title).toMatch(/seed \d+: engine and oracle differ/);
      expect(flow).toMatch(/^flow: .+ → .+ (TCP|UDP|SCTP \d+|ICMP)/);
      expect(oracle).not.toBe(engine?.replace('engine', 'oracle'));
      const { items } = JSON.parse(manifest.join('\n')) as { items: { kind: string }[] };
      expect(items.filter(({ kind }) => kind === 'NetworkPolicy').length).toBe(1);
      expect(items.filter(({ kind }) => kind === 'Pod').length).toBeLessThanOrEqual(2);
      expect(message.length).toBeLessThan(1600);
    },
  );
});
