/** The nftables back end. */
export { createNftablesDataplane, NftablesDataplane, type NftablesOptions } from './nftables-dataplane.ts';
export { weirTable } from './sets.ts';
