/** The eBPF back end. */
export { createEbpfDataplane, EbpfDataplane, type EbpfOptions } from './ebpf-dataplane.ts';
