/**
 * Port names of egress rules for engines that take a name for one number in the whole cluster, whoever
 * the destination is: the numbers instead of the names, and none where the name has several.
 */
import { type ProtocolNumber, unionOfPortRanges } from '@weir/net';
import type { NamedPort } from './endpoint.ts';
import type { DirectionRules, Policy, Rule } from './model.ts';

/** The one number that a name stands for in the cluster; undefined where it has none, or several. */
export type NumberOfName = (name: string, protocol: ProtocolNumber) => number | undefined;

/** Where a name with its protocol stands among numbers by name. */
export function portNameKey({ name, protocol }: Pick<NamedPort, 'name' | 'protocol'>): string {
  return `${protocol} ${name}`;
}

/** The numbers of all pods with these lists of named ports. */
export function numbersOfNames(lists: Iterable<readonly NamedPort[]>): NumberOfName {
  const numbers = new Map<string, Set<number>>();
  for (const list of lists) {
    for (const named of list) {
      const key = portNameKey(named);
      const known = numbers.get(key);
      if (known === undefined) numbers.set(key, new Set([named.port]));
      else known.add(named.port);
    }
  }
  return (name, protocol) => {
    const [only, ...others] = numbers.get(portNameKey({ name, protocol })) ?? [];
    return others.length === 0 ? only : undefined;
  };
}

/** The policy with numbers for the port names of its egress rules; itself where it has none. */
export function withNumberedNames(policy: Policy, numberOf: NumberOfName): Policy {
  const { egress } = policy;
  if (egress === undefined || egress.rules.every(({ match }) => match.destination.namedPorts === undefined)) return policy;
  const numbered: DirectionRules = { ...egress, rules: egress.rules.map((rule) => numberedRule(rule, numberOf)) };
  return { ...policy, egress: numbered };
}

function numberedRule(rule: Rule, numberOf: NumberOfName): Rule {
  const { protocol, destination } = rule.match;
  const { namedPorts, ...others } = destination;
  // Without a protocol a rule is of an API that such an engine does not read.
  if (namedPorts === undefined || protocol === undefined) return rule;
  const clusterPorts = namedPorts.map((name) => {
    const port = numberOf(name, protocol);
    return port === undefined ? { name } : { name, port };
  });
  const numbers = clusterPorts.flatMap(({ port }) => (port === undefined ? [] : [{ first: port, last: port }]));
  const ports = unionOfPortRanges([...(others.ports ?? []), ...numbers]);
  return { ...rule, match: { ...rule.match, destination: { ...others, ports, clusterPorts } } };
}
