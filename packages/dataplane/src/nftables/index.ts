/** The nftables back end. */
export { type DeniedCounter, NftablesDataplane, type NftablesOptions } from './nftables-dataplane.ts';
export { weirTable } from './sets.ts';
