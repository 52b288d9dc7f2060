/** Which back ends enforce no host endpoints, and why not. */
import type { BackEnd } from './rule-refusal.ts';

/** Back ends that refuse every host endpoint. */
export type BackEndWithoutHosts = Exclude<BackEnd, 'nftables'>;

/** The reasons. Only what a table with base chains at every hook can hold is promised to host endpoints: nftables. */
export const hostRefusals: Readonly<Record<BackEndWithoutHosts, string>> = {
  iptables: 'the iptables back end has chains for pods only, none for the interfaces of the node; nftables has',
  ebpf: 'the eBPF back end has programs for packets of pods only, none for the interfaces of the node; nftables has',
  hns: 'HNS has rules for the endpoints of containers only, none for the interfaces of the node; nftables has',
};
