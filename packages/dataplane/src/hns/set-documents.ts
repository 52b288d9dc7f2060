/**
 * The SetPolicies that Weir keeps on the network.
 *
 *   class   IPSET        the addresses of one class of equal peers; referred to by groups only
 *   group   NESTEDIPSET  the classes that some rules' peers are made of
 *   blocks  IPSET        fixed blocks; never empty
 *   empty   IPSET        nothing, and a member of every group: HNS reads a list without members as everybody
 *
 * An id stands for its content's key, so a process that starts anew finds the sets of the one before.
 */
import { createHash } from 'node:crypto';
import type { HnsPolicy, SetPolicy } from '@weir/kernel';

/** All ids of ours begin with it: sets and ACLs of others never do. */
export const ownPrefix = 'weir-';

/** What a set is for; it is the first word of its name. */
export type SetRole = 'class' | 'group' | 'blocks' | 'empty';

/** The id of the set with that role and content: the prefix and 100 bits of a hash, so that names of any length have one. */
export function setId(role: SetRole, key: string): string {
  const digest = createHash('sha256').update(`${role} ${key}`).digest('hex').slice(0, 25);
  return `${ownPrefix}${BigInt(`0x${digest}`).toString(36).padStart(20, '0')}`;
}

/** The set that nothing is in. */
export const emptySet: SetPolicy = { Id: setId('empty', ''), Name: 'empty', PolicyType: 'IPSET', Values: '' };

/** The addresses of a class. */
export function classSet(key: string, addresses: Iterable<string>): SetPolicy {
  return { Id: setId('class', key), Name: `class ${key}`, PolicyType: 'IPSET', Values: [...addresses].sort().join() };
}

/** The classes with these ids; matches nobody when there are none. */
export function groupSet(key: string, classIds: Iterable<string>): SetPolicy {
  const Values = [emptySet.Id, ...[...classIds].sort()].join();
  return { Id: setId('group', key), Name: `group ${key}`, PolicyType: 'NESTEDIPSET', Values };
}

/** Fixed blocks, at least one. */
export function blocksSet(blocks: readonly string[]): SetPolicy {
  const Values = [...blocks].sort().join();
  return { Id: setId('blocks', Values), Name: `blocks ${blocks.length}`, PolicyType: 'IPSET', Values };
}

/** Whether the set is a class: the only sets that may be without members, because no rule refers to one itself. */
export function isClassSet({ Name, PolicyType }: SetPolicy): boolean {
  return PolicyType === 'IPSET' && Name.startsWith('class ');
}

/** The members of a set. */
export function valuesOf({ Values }: SetPolicy): string[] {
  return Values === '' ? [] : Values.split(',');
}

/** The set with other members, in the order in which the documents have them. */
export function withValues(set: SetPolicy, values: readonly string[]): SetPolicy {
  const others = values.filter((value) => value !== emptySet.Id).sort();
  return { ...set, Values: (set.PolicyType === 'NESTEDIPSET' ? [emptySet.Id, ...others] : others).join() };
}

/** A set as a policy of the network. */
export function setPolicyDocument(Settings: SetPolicy): HnsPolicy {
  return { Type: 'SetPolicy', Settings };
}

/** The policy as a set of ours, or undefined when it is something else or somebody else's. */
export function ownSetOf({ Type, Settings }: HnsPolicy): SetPolicy | undefined {
  if (Type !== 'SetPolicy' || typeof Settings !== 'object' || Settings === null) return undefined;
  const { Id, Name = '', PolicyType, Values = '' } = Settings as Partial<SetPolicy>;
  if (Id === undefined || !Id.startsWith(ownPrefix) || PolicyType === undefined) return undefined;
  return { Id, Name, PolicyType, Values };
}
