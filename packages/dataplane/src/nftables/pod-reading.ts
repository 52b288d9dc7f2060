/** Reading of packets of and to pods: the program goes by the pod's own address, and everything stands in the packet. */
import type { Expression } from '@weir/kernel';
import type { Family } from '@weir/net';
import { loadAddress, loadLastWord, loadMessage, loadPort, type PacketEnd } from './packet-steps.ts';
import { familySets } from './sets.ts';
import { classNumber, type PacketReading, programNumber, wideKey } from './tuple-rules.ts';

/** Which of the chains: egress asked first, ingress, or egress asked again behind ingress. */
export interface ProgramChain {
  readonly look: 'egress' | 'ingress' | 'egress_again';
  readonly family: Family;
}

/** What the chain reads. */
export function podReading(of: ProgramChain): PacketReading {
  return {
    family: of.family,
    loadProgram: lookupAddress(of, 'own', familySets(of.family)[of.look === 'ingress' ? 'ingress' : 'egress']),
    loadPeer: (map) => lookupAddress(of, 'peer', map),
    loadPort,
    loadMessage,
  };
}

/**
 * Puts the number of an end of the packet into the register of the isolated endpoint's program, or of its
 * peer's class. Values of the maps are eight bytes, zero and number, and land in the register
 * before and in that one; the load of the address (IPv6: of its last word) into that one itself
 * is what `nft list` shows for the register. See `sets.ts` for why.
 */
export function lookupAddress(of: ProgramChain, whose: 'own' | 'peer', map: string): Expression[] {
  const into = whose === 'own' ? programNumber : classNumber;
  const ownEnd: PacketEnd = of.look === 'ingress' ? 'destination' : 'source';
  const peerEnd: PacketEnd = of.look === 'ingress' ? 'source' : 'destination';
  return lookupEnd(of.family, { end: whose === 'own' ? ownEnd : peerEnd, map, into });
}

/** The same for an end of the packet that is known. */
export function lookupEnd(
  family: Family,
  { end, map, into }: { readonly end: PacketEnd; readonly map: string; readonly into: number },
): Expression[] {
  if (family === 4) return [loadAddress(4, end, into), { kind: 'lookup', set: map, key: into, into: into - 1 }];
  return [loadLastWord(end, into), loadAddress(6, end, wideKey), { kind: 'lookup', set: map, key: wideKey, into: into - 1 }];
}
