/** The eBPF back end. */
export { createEbpfDataplane, EbpfDataplane, type EbpfOptions } from './ebpf-dataplane.ts';
export { unsupportedReason as ebpfUnsupportedReason } from './object-file.ts';
