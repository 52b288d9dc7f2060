/** Who is in the groups of addresses that rules ask for: those that somebody keeps, and those of names that somebody told. */
import { type Address, addToGroup, formatAddress } from '@weir/net';
import { domainMatcher } from './domain-names.ts';
import type { AddressGroupName, GroupMember } from './model.ts';

/** What is known of groups. */
export interface KnownGroups {
  /** The groups that rules may ask for; one that is not there is empty. */
  readonly groups?: ReadonlyMap<AddressGroupName, readonly GroupMember[]>;
  /** What names resolved to, in lower case and without the last dot: groups of names that are not among the others have these. */
  readonly names?: ReadonlyMap<string, readonly Address[]>;
}

/** A prepared lookup. */
export interface GroupLookup {
  /** How an address is in a group: on which ports; empty when it is not in it. */
  inGroup(group: AddressGroupName, address: Address): readonly GroupMember[];
  /** Everything in a group; empty when there is no such group. */
  membersOf(group: AddressGroupName): readonly GroupMember[];
}

/** Each group is read when it is asked for first. */
export function createGroupLookup({ groups, names }: KnownGroups): GroupLookup {
  const byAddress = new Map<AddressGroupName, ReadonlyMap<string, readonly GroupMember[]>>();
  const found = new Map<AddressGroupName, readonly GroupMember[]>();
  const membersOf = (group: AddressGroupName): readonly GroupMember[] => {
    const kept = groups?.get(group) ?? found.get(group);
    if (kept !== undefined) return kept;
    const members = names === undefined || !group.startsWith('domain/') ? [] : membersOfNames(group.slice('domain/'.length), names);
    found.set(group, members);
    return members;
  };
  return {
    membersOf,
    inGroup(group, address) {
      let members = byAddress.get(group);
      if (members === undefined) byAddress.set(group, (members = membersByAddress(membersOf(group))));
      return members.get(formatAddress(address)) ?? [];
    },
  };
}

function membersOfNames(pattern: string, names: ReadonlyMap<string, readonly Address[]>): readonly GroupMember[] {
  const fits = domainMatcher(pattern);
  const addresses = [...names].flatMap(([name, known]) => (fits(name) ? known : []));
  return [...new Map(addresses.map((address) => [formatAddress(address), { address }])).values()];
}

function membersByAddress(members: readonly GroupMember[]): ReadonlyMap<string, readonly GroupMember[]> {
  const found = new Map<string, GroupMember[]>();
  for (const member of members) addToGroup(found, formatAddress(member.address), member);
  return found;
}
