/**
 * ACLs of an endpoint as rules of the kernel, by their priorities.
 *
 * The rows of `hns-rules.ts` decide what a field means: sets are the ends of the packet, literals and
 * ports the sides of the endpoint, and a set without values matches everything.
 */
import type { Expression } from '@weir/kernel';
import { type AddressRange, addressToBytes, type Family, type PortRange } from '@weir/net';
import { accept, addressOffset, drop, isFamily, kernelSet } from './kernel-steps.ts';
import type { AclDocument, AddressField } from './read-document.ts';

type PacketEnd = 'source' | 'destination';

/** One rule: what must hold and what then happens. */
export type KernelRule = readonly Expression[];

/** Whether a set matches every address. */
export type MatchesAll = (set: string) => boolean;

/** The rules of the ACLs with that direction and type, the lowest priority first; what none matches goes on. */
export function rulesOfAcls(
  acls: readonly AclDocument[],
  of: Pick<AclDocument, 'direction' | 'ruleType'>,
  matchesAll: MatchesAll,
): KernelRule[] {
  return acls
    .filter(({ direction, ruleType }) => direction === of.direction && ruleType === of.ruleType)
    .sort((a, b) => a.priority - b.priority)
    .flatMap((acl) => rulesOfAcl(acl, matchesAll));
}

/** Every combination of alternatives is a rule; conditions within a rule must all hold. */
function rulesOfAcl(acl: AclDocument, matchesAll: MatchesAll): KernelRule[] {
  const isIn = acl.direction === 'In';
  const addresses = [
    addressTests(acl.local, { ofSets: 'source', ofLiterals: isIn ? 'destination' : 'source' }, matchesAll),
    addressTests(acl.remote, { ofSets: 'destination', ofLiterals: isIn ? 'source' : 'destination' }, matchesAll),
  ].filter((tests) => tests !== undefined);
  const ports = [
    portTests(acl.localPorts, isIn ? 'destination' : 'source'),
    portTests(acl.remotePorts, isIn ? 'source' : 'destination'),
  ].filter((tests) => tests !== undefined);
  const verdict = [acl.allows ? accept : drop];
  // Without an address a rule is for both families.
  const families: readonly (Family | undefined)[] = addresses.length === 0 ? [undefined] : [4, 6];
  return families.flatMap((family) => {
    const alternatives = [
      ...(family === undefined ? [] : [[isFamily(family)]]),
      ...(acl.protocol === undefined ? [] : [[isProtocol(acl.protocol)]]),
      ...ports,
      ...(family === undefined ? [] : addresses.map((tests) => tests(family))),
    ];
    return combinations(alternatives).map((conditions) => [...conditions, ...verdict]);
  });
}

type FamilyTests = (family: Family) => readonly (readonly Expression[])[];

/** Undefined: every address matches. */
function addressTests(
  field: AddressField | undefined,
  ends: { readonly ofSets: PacketEnd; readonly ofLiterals: PacketEnd },
  matchesAll: MatchesAll,
): FamilyTests | undefined {
  if (field === undefined) return undefined;
  if (field.kind === 'literals') {
    return (family) => field.ranges.filter(({ first }) => first.family === family).map((range) => isInRange(range, ends.ofLiterals));
  }
  const ids = field.ids.filter((id) => !matchesAll(id));
  if (ids.length === 0) return undefined;
  return (family) => [ids.flatMap((id) => isInSet(id, family, ends.ofSets))];
}

function portTests(ranges: readonly PortRange[] | undefined, end: PacketEnd): readonly (readonly Expression[])[] | undefined {
  return ranges?.map(({ first, last }) => [
    { kind: 'payload', base: 'transport', offset: end === 'source' ? 0 : 2, length: 2, into: 0 },
    { kind: 'compare', register: 0, operator: 'gte', value: portBytes(first) },
    { kind: 'compare', register: 0, operator: 'lte', value: portBytes(last) },
  ]);
}

function isProtocol(protocol: number): readonly Expression[] {
  return [
    { kind: 'meta', key: 'l4proto', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: Uint8Array.of(protocol) },
  ];
}

function isInSet(id: string, family: Family, end: PacketEnd): readonly Expression[] {
  return [loadAddress(family, end), { kind: 'lookup', set: kernelSet(id, family), key: 0 }];
}

function isInRange({ first, last }: AddressRange, end: PacketEnd): readonly Expression[] {
  return [
    loadAddress(first.family, end),
    { kind: 'compare', register: 0, operator: 'gte', value: addressToBytes(first) },
    { kind: 'compare', register: 0, operator: 'lte', value: addressToBytes(last) },
  ];
}

function loadAddress(family: Family, end: PacketEnd): Expression {
  return { kind: 'payload', base: 'network', offset: addressOffset[family][end], length: family === 4 ? 4 : 16, into: 0 };
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 255);
}

/** One of each list, in every way. */
function combinations(alternatives: readonly (readonly (readonly Expression[])[])[]): Expression[][] {
  return alternatives.reduce<Expression[][]>((sofar, list) => sofar.flatMap((before) => list.map((one) => [...before, ...one])), [[]]);
}
