/** A planned rule as a rule of a program: with its id, and its port names resolved for an endpoint. */
import { formatPortRange, type PortRange, unionOfPortRanges } from '@weir/net';
import type { NamedPort } from '@weir/policy';
import type { ProgramRule } from '../delta/delta.ts';
import type { PlannedRule } from '../policies/plan-policy.ts';

/**
 * The rule for an endpoint with these named ports, or undefined when it names only ports that the
 * endpoint does not have. A name that several containers declare stands for all their ports.
 */
export function renderRule(planned: PlannedRule, id: string, namedPorts: readonly NamedPort[]): ProgramRule | undefined {
  const { action, peer, protocol, localNames, origin } = planned;
  const ports = localNames === undefined ? planned.ports : portsOf(planned, localNames, namedPorts);
  if (ports !== undefined && ports.length === 0) return undefined;
  return {
    id,
    action,
    peer: peer.map(({ spec, negated }) => ({ set: spec.key, negated })),
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports }),
    origin,
  };
}

function portsOf(planned: PlannedRule, names: readonly string[], namedPorts: readonly NamedPort[]): PortRange[] {
  const named = namedPorts.filter(({ name, protocol }) => protocol === planned.protocol && names.includes(name));
  return unionOfPortRanges([...(planned.ports ?? []), ...named.map(({ port }) => ({ first: port, last: port }))]);
}

/** The rule's canonical text; it has no line break. */
export function ruleText({ id, action, peer, protocol, notProtocol, ports, sourcePorts, origin }: ProgramRule): string {
  const tests = peer.map(({ set, negated }) => `${negated ? '!' : ''}${JSON.stringify(set)}`).join(' ');
  const protocols = notProtocol === undefined ? (protocol ?? 'any') : `!${notProtocol}`;
  const from = sourcePorts === undefined ? '' : ` from ${portsText(sourcePorts)}`;
  return `${id} ${JSON.stringify(origin.policy.uid ?? '')} ${action} [${tests}] ${protocols} ${portsText(ports)}${from}`;
}

function portsText(ports: readonly PortRange[] | undefined): string {
  return ports?.map(formatPortRange).join() ?? 'any';
}
