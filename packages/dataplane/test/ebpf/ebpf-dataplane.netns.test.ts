/** The eBPF back end passes the suite that all back ends pass. */
import { createEbpfDataplane } from '../../src/ebpf/index.ts';
import { runDataplaneConformance } from '../conformance.ts';

runDataplaneConformance({ name: 'ebpf', newDataplane: createEbpfDataplane });
