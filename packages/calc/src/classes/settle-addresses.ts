/** Which class each address belongs to, at a flush, and whose address it is no longer. */
import type { Address } from '@weir/net';
import type { AddressClass, Delta } from '../delta/delta.ts';
import type { AddressSlot, ClassEntry } from '../entries.ts';
import { type AddressTable, ownerOf } from '../population/address-table.ts';
import type { Work } from '../work.ts';
import type { AddressClasses } from './address-classes.ts';
import { endpointClass } from './classes.ts';

/** An address that is not that pod's any more. */
export interface ReleasedAddress {
  readonly address: Address;
  /** The uid of the pod that owned it. */
  readonly owner: string;
}

/** What happened to addresses since the last flush. */
export interface SettledAddresses {
  readonly change: Delta['addresses'];
  readonly released: readonly ReleasedAddress[];
}

/** What the classes of addresses are settled with. */
export interface AddressChanges {
  readonly classes: AddressClasses;
  readonly touched: Set<ClassEntry>;
  readonly work: Work;
}

/** Takes the changes of the table's addresses; classes that gained or lost one are noted in `touched`. */
export function settleAddresses(table: AddressTable, { classes, touched, work }: AddressChanges): SettledAddresses {
  const upserts: AddressClass[] = [];
  const removals: Address[] = [];
  const released: ReleasedAddress[] = [];
  for (const slot of table.dirty) {
    work.addressesTouched++;
    const owner = ownerOf(slot);
    if (slot.owner !== undefined && slot.owner !== owner?.uid) released.push({ address: slot.address, owner: slot.owner });
    slot.owner = owner?.uid;
    const isChanged = moveToClass(slot, classes.of(slot), touched);
    if (!classes.isHeld(slot)) table.dropUnused(slot);
    if (!isChanged) continue;
    if (slot.emitted === undefined) removals.push(slot.address);
    else upserts.push({ address: slot.address, class: endpointClass(slot.emitted).key });
  }
  table.dirty.clear();
  return { change: { upserts, removals }, released };
}

function moveToClass(slot: AddressSlot, after: ClassEntry | undefined, touched: Set<ClassEntry>): boolean {
  const before = slot.emitted;
  if (before === after) return false;
  slot.emitted = after;
  if (before !== undefined) {
    before.addresses--;
    touched.add(before);
  }
  if (after !== undefined) {
    after.addresses++;
    touched.add(after);
  }
  return true;
}
