/** What the maps say of an acknowledged address, and how that changes. */
import type { Address } from '@weir/net';
import type { AddressChange } from '../endpoints/local-addresses.ts';
import { numberInForce, type ProgrammedEndpoint } from '../endpoints/programmed-endpoints.ts';
import type { ProgramEntry } from './policy-table.ts';
import { addressKey, closedContent, endpointContent, noEndpoint, ownerMark } from './records.ts';
import { mapOf, type VersionedChange, type VersionedEntry } from './versioned-change.ts';

/** Changes of `local4/6`. */
export interface LocalMapChanges {
  /** To be in force, and the connections of those addresses ended, before `changes`. */
  readonly handover: readonly VersionedChange[];
  readonly changes: readonly VersionedChange[];
}

/** The content of the entry; `closedProgram` is the number of one that allows nothing. */
export function contentOfAddress({ endpoint, ingress, egress }: ProgrammedEndpoint<ProgramEntry>, closedProgram: number): Uint8Array {
  return endpointContent({
    egress: numberInForce(egress, closedProgram) ?? 0,
    ingress: numberInForce(ingress, closedProgram) ?? 0,
    owner: ownerMark(endpoint.uid),
    link: endpoint.interface,
  });
}

/** The address's entry. */
export function addressEntry(address: Address, content: Uint8Array): VersionedEntry {
  return { map: mapOf('local', address.family), key: addressKey(address), content };
}

/** Changes of entries. An address that goes straight to another owner is closed first. */
export function addressChanges(changes: readonly AddressChange<Uint8Array>[], closedProgram: number): LocalMapChanges {
  const result: { handover: VersionedChange[]; changes: VersionedChange[] } = { handover: [], changes: [] };
  for (const { address, before = noEndpoint, after = noEndpoint, isHandedOver } of changes) {
    const entry = { map: mapOf('local', address.family), key: addressKey(address) };
    const inForce = isHandedOver ? closedContent(before, closedProgram) : before;
    if (isHandedOver) result.handover.push({ ...entry, before, after: inForce, stays: true });
    if (!Buffer.from(inForce).equals(after)) result.changes.push({ ...entry, before: inForce, after, stays: after !== noEndpoint });
  }
  return result;
}
