/** What a policy's plan may depend on beside the policy; kept of every policy, so that none is compiled to be asked. */
import { protocolNumber } from '@weir/net';
import { type Policy, portNameKey, type Rule } from '@weir/policy';

/** What the rules of a policy mention. */
export interface PolicyMentions {
  /** A block of addresses, or nodes. */
  readonly addresses: boolean;
  /** Names of ports in egress rules, as `portNameKey` has them. */
  readonly egressPortNames: readonly string[];
}

/** The common case, which all policies share. */
const nothing: PolicyMentions = { addresses: false, egressPortNames: [] };

const transports = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];

/** What the policy mentions. */
export function mentionsOf({ ingress, egress }: Policy): PolicyMentions {
  const egressRules = egress?.rules ?? [];
  const addresses = [...(ingress?.rules ?? []), ...egressRules].some(({ match: { source, destination } }) =>
    [source, destination].some(({ nets, notNets, node }) => nets !== undefined || notNets !== undefined || node !== undefined),
  );
  const egressPortNames = egressRules.flatMap(namesOf);
  return addresses || egressPortNames.length > 0 ? { addresses, egressPortNames } : nothing;
}

function namesOf({ match: { protocol, destination } }: Rule): string[] {
  const names = [...(destination.namedPorts ?? []), ...(destination.notNamedPorts ?? [])];
  const protocols = protocol === undefined ? transports : [protocol];
  return names.flatMap((name) => protocols.map((one) => portNameKey({ name, protocol: one })));
}
