import { IptablesDataplane } from '../../src/iptables/iptables-dataplane.ts';
import { runLoggedPackets } from '../logged-packets.ts';

runLoggedPackets({
  name: 'iptables',
  tellsVerdict: false,
  newDataplane: (node) => new IptablesDataplane({ ...node, flavour: 'nft' }),
});
