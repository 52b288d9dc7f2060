/** Says with other means what an engine does not support in a policy, where that is possible. */
import type { UnsupportedField } from '@weir/compile';
import type { IPBlock, NetworkPolicyPeer } from '@weir/kube';
import type { Endpoint } from '@weir/model';
import { type AddressRange, cidrRange, cidrsOfRange, formatCidr, parseCidr, subtractAddressRanges } from '@weir/net';
import { listPortNumbers, numbersOnPods } from './list-port-numbers.ts';
import type { EntryPlace, PolicyDraft } from './policy-draft.ts';

/** What the rewriting needs to know of the cluster. */
export interface PodsOfPolicy {
  /** The pods that the policy selects. */
  readonly subjects: readonly Endpoint[];
  /** All pods. */
  readonly pods: readonly Endpoint[];
  /** Peers that select what this one does, without negations. */
  readonly positively: (peer: NetworkPolicyPeer) => readonly NetworkPolicyPeer[];
}

/** A block around its exceptions becomes so many blocks at most. */
const blocksMax = 64;

/** Rewrites the fields in the draft; answers those that cannot be, with the reason. */
export function rewriteUnsupported(
  draft: PolicyDraft,
  fields: readonly UnsupportedField[],
  cluster: PodsOfPolicy,
): { readonly field: string; readonly reason: string }[] {
  const done = new Set<string>();
  return fields.flatMap(({ field, feature, message }) => {
    const place = placeOf(field);
    if (place === undefined) return [{ field, reason: `${message}; which pods a policy selects cannot be said otherwise in one policy` }];
    const key = `${place.direction} ${place.rule} ${place.list} ${place.index}`;
    if (done.has(key)) return [];
    const reason = place.list === 'ports' ? rewritePort(draft, place, cluster) : rewritePeer(draft, place, cluster);
    if (reason === undefined) done.add(key);
    return reason === undefined ? [] : [{ field, reason: feature === 'ipv6' || feature === 'sctp' ? message : reason }];
  });
}

interface Place extends EntryPlace {
  readonly list: 'ports' | 'peers';
}

/** `spec.ingress[0].from[1].ipBlock.except` → ingress, 0, peers, 1. */
function placeOf(field: string): Place | undefined {
  const match = /^spec\.(ingress|egress)\[(\d+)\]\.(from|to|ports)\[(\d+)\]/.exec(field);
  if (match === null) return undefined;
  const [, direction, rule, list, index] = match;
  return {
    direction: direction === 'ingress' ? 'ingress' : 'egress',
    rule: Number(rule),
    list: list === 'ports' ? 'ports' : 'peers',
    index: Number(index),
  };
}

function rewritePort(draft: PolicyDraft, place: Place, { subjects, pods }: PodsOfPolicy): string | undefined {
  const { direction, rule, index } = place;
  const port = draft.rulesOf(direction)[rule]?.ports[index];
  return listPortNumbers(draft, place, port === undefined ? [] : numbersOnPods(port, direction === 'ingress' ? subjects : pods));
}

function rewritePeer(draft: PolicyDraft, place: Place, { positively }: PodsOfPolicy): string | undefined {
  const { direction, rule, index } = place;
  const peer = draft.rulesOf(direction)[rule]?.peers[index];
  if (peer === undefined) return 'there is no such peer';
  if (peer.ipBlock === undefined) {
    draft.replacePeer(place, positively(peer), 'selects the same pods by labels that they have');
    return undefined;
  }
  const blocks = rangesAround(peer.ipBlock).flatMap((range) => cidrsOfRange(range).map(formatCidr));
  if (blocks.length > blocksMax) return `without its exceptions the block is ${blocks.length} blocks, more than ${blocksMax}`;
  draft.replacePeer(
    place,
    blocks.map((cidr) => ({ ipBlock: { cidr } })),
    'splits the block around its exceptions',
  );
  return undefined;
}

/** The addresses that a block means. */
export function rangesAround({ cidr, except = [] }: IPBlock): AddressRange[] {
  const rangesOf = (text: string): AddressRange[] => {
    const parsed = parseCidr(text);
    return parsed === undefined ? [] : [cidrRange(parsed)];
  };
  return subtractAddressRanges(rangesOf(cidr), except.flatMap(rangesOf));
}
