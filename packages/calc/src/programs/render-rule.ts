/** A planned rule as a rule of a program: with its id, and its port names resolved for an endpoint. */

import type { NamedPort } from '@weir/model';
import { formatPortRange, type PortRange } from '@weir/net';
import type { PeerTest, ProgramRule } from '../delta/delta.ts';
import { resolveNames } from '../policies/plan-ports.ts';
import type { PlannedRule, PlannedTest } from '../policies/planned-rule.ts';

/** The rule for an endpoint with these named ports, or undefined when it is left with no port of the endpoint. */
export function renderRule(planned: PlannedRule, id: string, namedPorts: readonly NamedPort[]): ProgramRule | undefined {
  const { action, peer, local, protocol, notProtocol, localNames, origin } = planned;
  const own = localNames === undefined ? undefined : resolveNames(localNames, (names) => numbersNamed(names, planned, namedPorts));
  if (own?.length === 0) return undefined;
  const ports = origin.direction === 'ingress' ? (own ?? planned.ports) : planned.ports;
  const sourcePorts = origin.direction === 'ingress' ? planned.sourcePorts : (own ?? planned.sourcePorts);
  return {
    id,
    action,
    peer: peer.map(testOf),
    ...(local === undefined ? {} : { local: local.map(testOf) }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(notProtocol === undefined ? {} : { notProtocol }),
    ...(ports === undefined ? {} : { ports }),
    ...(sourcePorts === undefined ? {} : { sourcePorts }),
    origin,
  };
}

function testOf({ spec, ...test }: PlannedTest): PeerTest {
  return { set: spec.key, ...test };
}

/** A name that several containers declare stands for all their ports. */
function numbersNamed(names: readonly string[], { protocol }: PlannedRule, namedPorts: readonly NamedPort[]): PortRange[] {
  const named = namedPorts.filter((port) => port.protocol === protocol && names.includes(port.name));
  return named.map(({ port }) => ({ first: port, last: port }));
}

/** The rule's canonical text; it has no line break. */
export function ruleText({ id, action, peer, local, protocol, notProtocol, ports, sourcePorts, origin }: ProgramRule): string {
  const tests = `${testsText(peer)}${local === undefined ? '' : ` at ${testsText(local)}`}`;
  const protocols = notProtocol === undefined ? (protocol ?? 'any') : `!${notProtocol}`;
  const from = sourcePorts === undefined ? '' : ` from ${portsText(sourcePorts)}`;
  return `${id} ${JSON.stringify(origin.policy.uid ?? '')} ${action} [${tests}] ${protocols} ${portsText(ports)}${from}`;
}

function testsText(tests: readonly PeerTest[]): string {
  return tests.map(({ set, negated, port }) => `${negated ? '!' : ''}${port === undefined ? '' : '<'}${JSON.stringify(set)}`).join(' ');
}

function portsText(ports: readonly PortRange[] | undefined): string {
  return ports?.map(formatPortRange).join() ?? 'any';
}
