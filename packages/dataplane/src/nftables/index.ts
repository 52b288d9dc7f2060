/** The nftables back end. */
export { createNftablesDataplane, type DeniedCounter, NftablesDataplane, type NftablesOptions } from './nftables-dataplane.ts';
export { weirTable } from './sets.ts';
