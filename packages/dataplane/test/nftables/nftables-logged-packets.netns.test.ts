import { NftablesDataplane } from '../../src/nftables/nftables-dataplane.ts';
import { runLoggedPackets } from '../logged-packets.ts';

runLoggedPackets({ name: 'nftables', tellsVerdict: false, newDataplane: (node) => new NftablesDataplane(node) });
