/**
 * Blocks of addresses of one cluster in the addresses of another that stands for it: a block holds the
 * same pods and nodes there, by name, and the same addresses outside.
 */
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer } from '@weir/kube';
import {
  type Address,
  type AddressRange,
  addressRangesContain,
  type Cidr,
  cidrContains,
  cidrContainsCidr,
  cidrFamily,
  cidrRange,
  cidrsOfRange,
  formatAddress,
  formatCidr,
  parseCidr,
  subtractAddressRanges,
} from '@weir/net';

/** A pod or a node with its address here and there. */
export interface TranslatedAddress {
  readonly here: Address;
  readonly there: Address;
}

/** How to translate. */
export interface BlockTranslation {
  readonly addresses: readonly TranslatedAddress[];
  /** Blocks of the other cluster's own addresses: nothing outside lies in them. */
  readonly own: readonly Cidr[];
}

/** Addresses for documentation (RFC 5737, RFC 3849) that stand for none: a block that holds nobody must not become no block. */
const nobody = { 4: '192.0.2.254/32', 6: '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/128' } as const;

/** The policy with all of its blocks translated. */
export function translateBlocks(policy: NetworkPolicy, translation: BlockTranslation): NetworkPolicy {
  const { spec } = policy;
  if (spec === undefined) return policy;
  const peers = (list: readonly NetworkPolicyPeer[]): NetworkPolicyPeer[] =>
    list.flatMap((peer): NetworkPolicyPeer[] =>
      peer.ipBlock === undefined ? [peer] : translateBlock(peer.ipBlock, translation).map((ipBlock) => ({ ipBlock })),
    );
  return {
    ...policy,
    spec: {
      ...spec,
      ...(spec.ingress === undefined
        ? {}
        : { ingress: spec.ingress.map((rule) => (rule.from === undefined ? rule : { ...rule, from: peers(rule.from) })) }),
      ...(spec.egress === undefined
        ? {}
        : { egress: spec.egress.map((rule) => (rule.to === undefined ? rule : { ...rule, to: peers(rule.to) })) }),
    },
  };
}

/**
 * A block as blocks of the other cluster, one at least. One that holds everybody there is stays as it is; what has exceptions
 * keeps some, because engines differ in what they make of them.
 */
export function translateBlock({ cidr, except = [] }: IPBlock, { addresses, own }: BlockTranslation): IPBlock[] {
  const block = parseCidr(cidr);
  if (block === undefined) return [{ cidr, except }];
  const family = cidrFamily(block);
  const holdsOwn = own.filter((each) => cidrFamily(each) === family).every((each) => cidrContainsCidr(block, each));
  const holdsAll = addresses.filter(({ here }) => here.family === family).every(({ here }) => cidrContains(block, here));
  if (except.length === 0 && holdsOwn && holdsAll) return [{ cidr }];
  const holes = except.flatMap((text) => parseCidr(text) ?? []);
  const held = subtractAddressRanges([cidrRange(block)], holes.map(cidrRange));
  const members = addresses.filter(({ here }) => addressRangesContain(held, here)).map(({ there }) => singleBlock(there));
  const outside = outsideBlocks(block, holes, own);
  const blocks = [...outside, ...[...new Set(members)].map((text): IPBlock => ({ cidr: text }))];
  return blocks.length === 0 ? [{ cidr: nobody[family] }] : blocks;
}

function outsideBlocks(block: Cidr, holes: readonly Cidr[], own: readonly Cidr[]): IPBlock[] {
  if (own.some((each) => cidrContainsCidr(each, block))) return [];
  const inside = own.filter((each) => cidrContainsCidr(block, each));
  if (holes.length > 0) return [{ cidr: formatCidr(block), except: [...holes, ...inside].map(formatCidr) }];
  const rest: AddressRange[] = subtractAddressRanges([cidrRange(block)], inside.map(cidrRange));
  return rest.flatMap((range) => cidrsOfRange(range).map((each) => ({ cidr: formatCidr(each) })));
}

function singleBlock(address: Address): string {
  return `${formatAddress(address)}/${address.family === 4 ? 32 : 128}`;
}
