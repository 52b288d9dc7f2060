/**
 * The ACLs of an endpoint.
 *
 *   priority 0      Host, In    the node reaches its own pods
 *            201    In, Out     a pod reaches itself
 *            222    In, Out     what rules of policies allow
 *            3000   In, Out     nothing else, where a policy isolates
 *            65499  In, Out     everything, where none does
 *
 * The numbers are those of Azure NPM and of Calico's base ACLs. An endpoint always has an ACL that
 * matches everything in both directions, so that nothing depends on what HNS does without one.
 */

import type { AclPolicy, HnsPolicy, SetPolicy } from '@weir/kernel';
import type { Direction } from '@weir/model';
import { formatPortRange } from '@weir/net';
import type { HnsProgram, HnsRule } from './hns-program.ts';
import { blocksSet, ownPrefix, setId } from './set-documents.ts';

const priority = { host: 0, self: 201, allow: 222, block: 3000, base: 65499 } as const;

/** What is in force for an endpoint in a direction: a program, nothing at all (`closed`), or no isolation. */
export type DirectionState = HnsProgram | 'closed' | undefined;

/** What an endpoint's ACLs are made from. */
export interface EndpointState {
  readonly addresses: readonly string[];
  readonly ingress: DirectionState;
  readonly egress: DirectionState;
}

/** An endpoint that no pod was acknowledged for. */
export const closedEndpoint: EndpointState = { addresses: [], ingress: 'closed', egress: 'closed' };

const hnsDirection = { ingress: 'In', egress: 'Out' } as const;

/** All ACLs of an endpoint, in the order of their priorities. */
export function endpointAcls(state: EndpointState): AclPolicy[] {
  return [
    { Id: `${ownPrefix}node`, Action: 'Allow', Direction: 'In', RuleType: 'Host', Priority: priority.host },
    ...directionAcls('ingress', state),
    ...directionAcls('egress', state),
  ];
}

function directionAcls(direction: Direction, state: EndpointState): AclPolicy[] {
  const Direction = hnsDirection[direction];
  const program = state[direction];
  const rest = (Action: 'Allow' | 'Block'): AclPolicy => ({
    Id: `${ownPrefix}${Action === 'Allow' ? 'base' : 'isolated'}`,
    Action,
    Direction,
    RuleType: 'Switch',
    Priority: Action === 'Allow' ? priority.base : priority.block,
  });
  if (program === 'closed') return [rest('Block')];
  if (program === undefined || program.allowsRest) return [rest('Allow')];
  const self: AclPolicy[] = state.addresses.map((RemoteAddresses) => ({
    Id: `${ownPrefix}self`,
    Action: 'Allow',
    Direction,
    RemoteAddresses,
    RuleType: 'Switch',
    Priority: priority.self,
  }));
  return [...self, ...program.rules.map((rule) => ruleAcl(Direction, rule)), rest('Block')];
}

/** Peers are the source on the way in and the destination on the way out; the port is always the destination's. */
function ruleAcl(Direction: 'In' | 'Out', rule: HnsRule): AclPolicy {
  const peers = peerSetsOf(rule).join();
  const ports = rule.ports?.map(formatPortRange).join();
  return {
    Id: `${ownPrefix}${rule.id}`,
    ...(rule.protocol === undefined ? {} : { Protocols: String(rule.protocol) }),
    Action: 'Allow',
    Direction,
    ...(peers === '' ? {} : Direction === 'In' ? { LocalAddresses: peers } : { RemoteAddresses: peers }),
    ...(ports === undefined ? {} : Direction === 'In' ? { LocalPorts: ports } : { RemotePorts: ports }),
    RuleType: 'Switch',
    Priority: priority.allow,
  };
}

/** The ids of the sets that a rule's peers must be in. */
function peerSetsOf({ group, blocks }: HnsRule): string[] {
  return [...(group === undefined ? [] : [setId('group', group.key)]), ...(blocks === undefined ? [] : [blocksSet(blocks).Id])];
}

/** The fixed sets that the program's rules refer to. */
export function blockSetsOf({ rules }: HnsProgram): SetPolicy[] {
  return rules.flatMap(({ blocks }) => (blocks === undefined ? [] : [blocksSet(blocks)]));
}

/** An ACL as a policy of an endpoint. */
export function aclDocument(Settings: AclPolicy): HnsPolicy {
  return { Type: 'ACL', Settings };
}

/** The policy as an ACL of ours, or undefined when it is something else or somebody else's. */
export function ownAclOf({ Type, Settings }: HnsPolicy): AclPolicy | undefined {
  if (Type !== 'ACL' || typeof Settings !== 'object' || Settings === null) return undefined;
  const acl = Settings as AclPolicy;
  return acl.Id?.startsWith(ownPrefix) === true ? acl : undefined;
}
