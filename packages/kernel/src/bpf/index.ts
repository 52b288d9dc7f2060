/** The kernel's BPF: objects, maps, links and pins. */
export * from './bpf-filesystem.ts';
export { type BpfElement, BpfMap } from './bpf-map.ts';
export { BpfLoadError, type BpfObject, closeBpfObject, loadBpfObject } from './bpf-object.ts';
export { attachToNetfilter, closeBpf, detachLink, linkPriority, type NetfilterHook } from './netfilter-link.ts';
export { netnsPinDirectory, removeNetnsPins } from './netns-pins.ts';
export { RingBuffer } from './ring-buffer.ts';
