import { NftablesDataplane } from '../../src/nftables/nftables-dataplane.ts';
import { runTiers } from '../tiers.ts';

runTiers({ name: 'nftables', newDataplane: (node) => new NftablesDataplane(node) });
