/**
 * Changes while packets are under way, on every back end: nothing passes that neither the state before
 * nor the one behind allows, and nothing is lost that both allow. Every packet is a new connection; what
 * arrives is counted by the receiver's kernel.
 *
 * `WEIR_WORLDS` and `WEIR_SEED` choose how many random pairs of worlds are tried, and which;
 * `WEIR_LOAD_SECONDS` how long each of the other changes goes to and fro.
 */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { type BackEnd, ebpfBackEnd, hnsBackEnd, iptablesBackEnd, nftablesBackEnd } from './packets/back-ends.ts';
import { PolicedNetwork } from './packets/policed-network.ts';
import { describeRandomUpdates } from './updates/random-updates.ts';
import { describeSingleUpdates } from './updates/single-updates.ts';
import type { UpdatePromises } from './updates/update-promises.ts';

const seconds = process.env['WEIR_LOAD_SECONDS'];

function describeUpdates(
  backEnd: BackEnd,
  promises: Pick<UpdatePromises, 'losesNothing' | 'randomWorlds' | 'changesMin'> & { seconds: number },
): void {
  describe(backEnd.name, () => {
    let network: PolicedNetwork;
    beforeAll(() => {
      network = new PolicedNetwork(backEnd);
    });
    afterEach(async () => {
      await network.reset();
    });
    afterAll(async () => {
      await network.close();
    });
    const given = { ...promises, backEnd, policed: () => network, loadMs: Number(seconds ?? promises.seconds) * 1_000 };
    describeRandomUpdates(given);
    describeSingleUpdates(given);
  });
}

// A change of nftables or eBPF is one instant; the others make many, of which each has to be harmless.
describeUpdates(nftablesBackEnd, { losesNothing: true, randomWorlds: 3, changesMin: 200, seconds: 1.5 });
describeUpdates(ebpfBackEnd, { losesNothing: true, randomWorlds: 1, changesMin: 40, seconds: 0.5 });
describeUpdates(iptablesBackEnd, { losesNothing: true, randomWorlds: 1, changesMin: 10, seconds: 0.5 });
describeUpdates(hnsBackEnd, { losesNothing: true, randomWorlds: 1, changesMin: 20, seconds: 0.5 });
