import { EbpfDataplane } from '../../src/ebpf/index.ts';
import { runTiers } from '../tiers.ts';

runTiers({ name: 'ebpf', newDataplane: (node) => new EbpfDataplane(node) });
