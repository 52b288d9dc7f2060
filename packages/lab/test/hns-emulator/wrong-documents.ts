/** Documents of HNS with one thing wrong, each of which packets have to find. */
import type { AclPolicy, HnsDoor, ModifyRequest, SetPolicy } from '@weir/kernel';
import { defined } from '@weir/net';

/** What becomes of documents on their way. */
export interface Mutation {
  readonly acl?: (acl: AclPolicy) => AclPolicy | undefined;
  readonly set?: (set: SetPolicy) => SetPolicy;
}

/** Nothing wrong. */
export const asItIs: Mutation = {};

/** Ways to get an ACL wrong. */
const wrongAcls: readonly (readonly [name: string, mutate: (acl: AclPolicy) => AclPolicy | undefined])[] = [
  ['addresses of the other end', (acl) => ({ ...acl, ...swapped(acl, 'LocalAddresses', 'RemoteAddresses') })],
  ['ports of the other end', (acl) => ({ ...acl, ...swapped(acl, 'LocalPorts', 'RemotePorts') })],
  ['the other direction', (acl) => ({ ...acl, Direction: acl.Direction === 'In' ? 'Out' : 'In' })],
  ['the other action', (acl) => ({ ...acl, Action: acl.Action === 'Allow' ? 'Block' : 'Allow' })],
  ['priorities the other way round', (acl) => ({ ...acl, Priority: 65_535 - (acl.Priority ?? 0) })],
  ['allows that come after the block', (acl) => (acl.Priority === 222 ? { ...acl, Priority: 3_001 } : acl)],
  ['a block that comes before the allows', (acl) => (acl.Priority === 3_000 ? { ...acl, Priority: 202 } : acl)],
  ['no protocol and port', (acl) => without(acl, 'Protocols', 'LocalPorts', 'RemotePorts')],
  ['no addresses', (acl) => without(acl, 'LocalAddresses', 'RemoteAddresses')],
  ['nothing blocked', (acl) => (acl.Action === 'Block' ? undefined : acl)],
  ['nothing for the node', (acl) => (acl.RuleType === 'Host' ? undefined : acl)],
];

/** Ways to get a set wrong. */
const wrongSets: readonly (readonly [name: string, mutate: (set: SetPolicy) => SetPolicy])[] = [
  ['another address in a set', (set) => ({ ...set, Values: set.Values.replace('10.77.0.1', '10.77.0.3') })],
  ['an address less in a set', (set) => ({ ...set, Values: set.Values.replace(/10\.77\.0\.1(,|$)/, '') })],
  ['lists that are empty', (set) => (set.PolicyType === 'NESTEDIPSET' ? { ...set, Values: '' } : set)],
  [
    'lists of nobody',
    (set) => (set.PolicyType === 'NESTEDIPSET' ? { ...set, Values: defined(set.Values.split(',')[0], 'a member') } : set),
  ],
];

/** All of them. */
export const mutants: readonly (readonly [name: string, mutation: Mutation])[] = [
  ...wrongAcls.map(([name, acl]) => [name, { acl }] as const),
  ...wrongSets.map(([name, set]) => [name, { set }] as const),
];

function without(acl: AclPolicy, ...fields: readonly (keyof AclPolicy)[]): AclPolicy {
  return Object.fromEntries(Object.entries(acl).filter(([name]) => !fields.includes(name as keyof AclPolicy))) as unknown as AclPolicy;
}

function swapped(acl: AclPolicy, one: keyof AclPolicy, other: keyof AclPolicy): Partial<AclPolicy> {
  return JSON.parse(JSON.stringify({ [one]: acl[other], [other]: acl[one] })) as Partial<AclPolicy>;
}

/** The door with every ACL and set on its way changed. */
export function mutatedDoor(door: HnsDoor, { acl = (same) => same, set = (same) => same }: Mutation): HnsDoor {
  const changed = (request: ModifyRequest): ModifyRequest => {
    const Policies = request.Settings.Policies.flatMap(({ Type, Settings }) => {
      const mutated = Type === 'ACL' ? acl(Settings as AclPolicy) : set(Settings as SetPolicy);
      return mutated === undefined ? [] : [{ Type, Settings: JSON.parse(JSON.stringify(mutated)) as unknown }];
    });
    return { ...request, Settings: { Policies } };
  };
  return {
    ...door,
    modifyNetwork: (id, request) => door.modifyNetwork(id, changed(request)),
    modifyEndpoint: (id, request) => door.modifyEndpoint(id, changed(request)),
  };
}
