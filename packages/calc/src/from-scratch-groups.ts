/** Groups of addresses in the state that is computed without increments: see `from-scratch.ts`. */

import type { AddressGroupName, GroupMember } from '@weir/model';
import { type Address, formatAddress, portRangesContain } from '@weir/net';
import type { Membership } from './delta/delta.ts';
import type { SetSpec } from './delta/set-spec.ts';

/** What groups say of an address. */
type GroupPlaces = readonly { readonly name: AddressGroupName; readonly member: GroupMember }[];

/** An address with who owns it, if anybody does, and what groups say of it. */
interface GroupedAddress<Owner> {
  readonly address: Address;
  readonly owner: Owner | undefined;
  readonly places: GroupPlaces;
}

/** The owned addresses and those of groups, by their texts. */
export function withGroups<Owner>(
  owners: ReadonlyMap<string, { readonly address: Address; readonly owner: Owner }>,
  groups: ReadonlyMap<AddressGroupName, readonly GroupMember[]>,
): Map<string, GroupedAddress<Owner>> {
  const found = new Map<string, GroupedAddress<Owner>>();
  for (const [text, { address, owner }] of owners) found.set(text, { address, owner, places: [] });
  for (const [name, members] of groups) {
    for (const member of members) {
      const text = formatAddress(member.address);
      const { owner, places } = found.get(text) ?? { owner: undefined, places: [] };
      found.set(text, { address: member.address, owner, places: [...places, { name, member }] });
    }
  }
  return found;
}

/** The sets of groups that an address with these places is in. */
export function groupMemberships(places: GroupPlaces, specs: ReadonlyMap<string, SetSpec>): Membership[] {
  return [...specs.values()].flatMap((spec): Membership[] => {
    if (!('groups' in spec)) return [];
    const own = places.filter(({ name }) => spec.groups.includes(name)).map(({ member }) => member);
    if (spec.kind === 'address') return own.length === 0 ? [] : [{ set: spec.key }];
    const numbers = own.flatMap(({ protocol, port }) => (protocol === spec.protocol && port !== undefined ? port : []));
    const inside = [...new Set(numbers)].filter((port) => spec.ports === undefined || portRangesContain(spec.ports, port));
    const ports = inside.sort((a, b) => a - b).map((port) => ({ protocol: spec.protocol, port }));
    return ports.length === 0 ? [] : [{ set: spec.key, ports }];
  });
}
