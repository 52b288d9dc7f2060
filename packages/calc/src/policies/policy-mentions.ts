/** What a policy's plan may depend on beside the policy; kept of every policy, so that none is compiled to be asked. */

import { type Policy, portNameKey, type Rule } from '@weir/model';
import { protocolNumber } from '@weir/net';

/** What the rules of a policy mention. */
export interface PolicyMentions {
  /** Blocks of addresses. */
  readonly blocks: boolean;
  /** Nodes. */
  readonly nodes: boolean;
  /** Names of ports in egress rules, as `portNameKey` has them. */
  readonly egressPortNames: readonly string[];
}

/** The common case, which all policies share. */
const nothing: PolicyMentions = { blocks: false, nodes: false, egressPortNames: [] };

const transports = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];

/** What the policy mentions. */
export function mentionsOf({ ingress, egress }: Policy): PolicyMentions {
  const egressRules = egress?.rules ?? [];
  const ends = [...(ingress?.rules ?? []), ...egressRules].flatMap(({ match }) => [match.source, match.destination]);
  const blocks = ends.some(({ nets, notNets }) => nets !== undefined || notNets !== undefined);
  const nodes = ends.some((end) => end.node !== undefined || end.nodes !== undefined || end.outside !== undefined);
  const egressPortNames = egressRules.flatMap(namesOf);
  return blocks || nodes || egressPortNames.length > 0 ? { blocks, nodes, egressPortNames } : nothing;
}

function namesOf({ match: { protocol, destination } }: Rule): string[] {
  const names = [...(destination.namedPorts ?? []), ...(destination.notNamedPorts ?? [])];
  const protocols = protocol === undefined ? transports : [protocol];
  return names.flatMap((name) => protocols.map((one) => portNameKey({ name, protocol: one })));
}
