import { IptablesDataplane } from '../../src/iptables/iptables-dataplane.ts';
import { runTiers } from '../tiers.ts';

runTiers({ name: 'iptables', newDataplane: (node) => new IptablesDataplane({ ...node, flavour: 'nft' }) });
