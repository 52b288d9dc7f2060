/**
 * A short run of `npm run fuzz` on every back end, and that it finds what is wrong.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many worlds are tried, and which.
 */
import type { Dataplane } from '@weir/dataplane';
import { runSize } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { fuzzWorlds } from './fuzz/fuzz-worlds.ts';
import { type BackEnd, backEnds, nftablesBackEnd } from './packets/back-ends.ts';

const flowsMin = 2_000;
const deniedMin = 200;

describe('random worlds on real packets, every pair on every port', () => {
  const { firstSeed, count } = runSize(1);

  it.each(backEnds.map((each) => [each.name, each] as const))(
    '%s passes what the oracle allows and nothing else',
    async (_name, backEnd) => {
      const { counts, mismatches } = await fuzzWorlds({ firstSeed: firstSeed + 40, worlds: count, changes: 1, backEnds: [backEnd] });
      expect(mismatches).toEqual([]);
      expect(counts).toHaveLength(1);
      for (const { flows, denied } of counts) {
        expect(flows).toBeGreaterThanOrEqual(flowsMin);
        expect(denied).toBeGreaterThanOrEqual(deniedMin);
      }
    },
  );

  it('a back end that isolates nobody from what comes in is found, with the seed and a manifest that shows it', async () => {
    const open = (node: Parameters<BackEnd['open']>[0]): Dataplane => {
      const dataplane = nftablesBackEnd.open(node);
      const apply = dataplane.apply.bind(dataplane);
      dataplane.apply = (delta) => {
        const upserts = delta.endpoints.upserts.map((endpoint) => {
          const open = { ...endpoint };
          delete (open as { ingress?: string }).ingress;
          return open;
        });
        return apply({ ...delta, endpoints: { ...delta.endpoints, upserts } });
      };
      return dataplane;
    };
    const { mismatches } = await fuzzWorlds({
      firstSeed: 40,
      worlds: 1,
      changes: 0,
      backEnds: [{ ...nftablesBackEnd, open }],
      shrinkMs: 1_000,
    });
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]).toContain('nftables, seed 40, state 0');
    expect(mismatches[0]).toContain('denied, but arrived');
    expect(mismatches[0]).toContain('"kind":"NetworkPolicy"');
  });
});
