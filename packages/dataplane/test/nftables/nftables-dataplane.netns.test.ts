/** The nftables back end on real packets: the suite of all back ends. */
import { NftablesDataplane } from '../../src/nftables/nftables-dataplane.ts';
import { runDataplaneConformance } from '../conformance.ts';

runDataplaneConformance({ name: 'nftables', newDataplane: (node) => new NftablesDataplane(node) });
