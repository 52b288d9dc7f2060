/** The iptables back end on real packets, in both flavours: the suite of all back ends. */
import { IptablesDataplane } from '../../src/iptables/iptables-dataplane.ts';
import { runDataplaneConformance } from '../conformance.ts';

for (const flavour of ['nft', 'legacy'] as const) {
  runDataplaneConformance({
    name: `iptables (${flavour})`,
    newDataplane: (node) => new IptablesDataplane({ ...node, flavour }),
  });
}
