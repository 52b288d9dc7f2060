import { EbpfDataplane } from '../../src/ebpf/index.ts';
import { runLoggedPackets } from '../logged-packets.ts';

runLoggedPackets({ name: 'ebpf', tellsVerdict: true, newDataplane: (node) => new EbpfDataplane(node) });
