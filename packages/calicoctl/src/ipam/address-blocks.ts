/** Calico's address management as it is stored: pools, and the blocks of them that nodes have taken. Read, never written. */

import type { KubeObject } from '@weir/kube';
import type { Address, Cidr } from '@weir/net';
import { cidrContains, cidrContainsCidr, cidrFamily, cidrRange, familyBits, formatAddress, parseAddress, parseCidr } from '@weir/net';
import type { Resource } from '../resources/resource-kinds.ts';

/** Whom an address was given to. */
export interface Allocation {
  /** Undefined in what is too old to have one. */
  readonly handle: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One block. */
export interface AddressBlock {
  readonly cidr: Cidr;
  /** The node that it belongs to. */
  readonly owner: string | undefined;
  /** By the place of the address in the block; undefined: free. */
  readonly allocations: readonly (Allocation | undefined)[];
}

/** How full a pool or a block is. */
export interface Utilization {
  readonly grouping: 'IP Pool' | 'Block';
  readonly cidr: Cidr;
  readonly total: number;
  readonly used: number;
}

interface StoredBlock extends KubeObject {
  readonly spec?: {
    readonly cidr?: string;
    readonly affinity?: string | null;
    readonly allocations?: readonly (number | null)[];
    readonly attributes?: readonly {
      readonly handle_id?: string | null;
      readonly secondary?: Readonly<Record<string, string>> | null;
    }[];
    readonly deleted?: boolean;
  };
}

/** Blocks out of objects of `ipamblocks`; those that are being deleted, or have no readable CIDR, are none. */
export function addressBlocks(objects: readonly Resource[]): readonly AddressBlock[] {
  return objects.flatMap((object) => {
    const { cidr: text = '', affinity, allocations = [], attributes = [], deleted } = (object as StoredBlock).spec ?? {};
    const cidr = parseCidr(text);
    if (cidr === undefined || deleted === true) return [];
    const given = allocations.map((place) => {
      const attribute = place === null ? undefined : attributes[place];
      return attribute && { handle: attribute.handle_id ?? undefined, attributes: attribute.secondary ?? {} };
    });
    return [{ cidr, owner: affinity?.split(':')[1], allocations: given }];
  });
}

/** Pools with their blocks behind each, then blocks of no pool. */
export function utilizations(pools: readonly Resource[], blocks: readonly AddressBlock[]): readonly Utilization[] {
  const left = new Set(blocks);
  const rows = pools.flatMap(({ spec }) => {
    const pool = parseCidr(String(spec?.['cidr']));
    if (pool === undefined) return [];
    const own = [...left].filter(({ cidr }) => cidrContainsCidr(pool, cidr));
    for (const block of own) left.delete(block);
    const used = own.reduce((sum, block) => sum + usedIn(block), 0);
    return [{ grouping: 'IP Pool' as const, cidr: pool, total: sizeOf(pool), used }, ...own.map(utilizationOf)];
  });
  return [...rows, ...[...left].map(utilizationOf)];
}

/** What is known of an address; undefined when no block says that it is given to anybody. */
export function allocationOf(text: string, blocks: readonly AddressBlock[]): Allocation | undefined {
  const address = parseAddress(text);
  const block = address && blocks.find(({ cidr }) => cidrContains(cidr, address));
  return block?.allocations[placeIn(block.cidr, address as Address)];
}

/** The address at a place of a block. */
export function addressAt({ cidr }: AddressBlock, place: number): string {
  const { family, words } = cidrRange(cidr).first;
  // A block has at most 2^16 addresses or so: the last word is enough.
  return formatAddress({ family, words: words.map((word, at) => (at === words.length - 1 ? (word + place) >>> 0 : word)) });
}

function placeIn(cidr: Cidr, { words }: Address): number {
  return ((words.at(-1) ?? 0) - (cidrRange(cidr).first.words.at(-1) ?? 0)) >>> 0;
}

function utilizationOf(block: AddressBlock): Utilization {
  return { grouping: 'Block', cidr: block.cidr, total: sizeOf(block.cidr), used: usedIn(block) };
}

function usedIn({ allocations }: AddressBlock): number {
  return allocations.filter((each) => each !== undefined).length;
}

function sizeOf(cidr: Cidr): number {
  return 2 ** (familyBits(cidrFamily(cidr)) - cidr.prefixLength);
}
