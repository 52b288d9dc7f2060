/** Elements of an acknowledged address: whose it is, whose link it comes from, what it may reach without being asked. */
import { type Address, addressToBytes, shortHash } from '@weir/net';
import { numberInForce, type ProgrammedEndpoint } from '../endpoints/programmed-endpoints.ts';
import { linkKey, numberValue, type PlacedElement, pairKey } from './element.ts';
import type { ProgramEntry } from './program-table.ts';
import { familySets } from './sets.ts';

/** The comment of the address's `local` element, by which a later process knows the owner: its uid, or a hash of one that is longer than a comment can be. */
export function ownerComment(uid: string): string {
  return /^[\x21-\x7e]{1,100}$/.test(uid) ? uid : `hash:${shortHash(uid)}`;
}

/** What the address's elements become with nothing allowed in either direction, not even to itself. */
export function closedElements(address: Address, before: readonly PlacedElement[], closedProgram: number): PlacedElement[] {
  const sets = familySets(address.family);
  const element = { key: addressToBytes(address), data: numberValue(closedProgram) };
  return [
    ...before.filter(({ set }) => set === sets.local || set === sets.link || set === sets.unlinked),
    { set: sets.egress, element },
    { set: sets.ingress, element },
  ];
}

/** The elements of an address of the endpoint. */
export function elementsOfAddress(address: Address, owner: ProgrammedEndpoint<ProgramEntry>, closedProgram: number): PlacedElement[] {
  const { endpoint } = owner;
  const sets = familySets(address.family);
  const key = addressToBytes(address);
  const egress = numberInForce(owner.egress, closedProgram);
  const ingress = numberInForce(owner.ingress, closedProgram);
  const elements: PlacedElement[] = [{ set: sets.local, element: { key, comment: ownerComment(endpoint.uid) } }];
  if (endpoint.interface === undefined) elements.push({ set: sets.unlinked, element: { key } });
  else elements.push({ set: sets.link, element: { key: linkKey(endpoint.interface, address) } });
  if (egress !== undefined) elements.push({ set: sets.egress, element: { key, data: numberValue(egress) } });
  if (ingress !== undefined) elements.push({ set: sets.ingress, element: { key, data: numberValue(ingress) } });
  if (egress === undefined && ingress === undefined) return elements;
  for (const own of endpoint.addresses) {
    if (own.family === address.family) elements.push({ set: sets.self, element: { key: pairKey(address, own) } });
  }
  return elements;
}
