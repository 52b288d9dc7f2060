/**
 * Ports that no container of the pods has: a name that nobody gives a port, the port of a service in the place of that of
 * its pods, a number that nobody declares.
 *
 * The ports that containers declare bind nobody, so a number is found only where all of the pods declare some.
 */
import { type Endpoint, podName, type Side } from '@weir/model';
import {
  addToGroup,
  formatPortRange,
  formatProtocol,
  type PortRange,
  type ProtocolNumber,
  portRangesContain,
  protocolNumber,
} from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintRuleEntry } from '../../context/lint-policy.ts';
import { nearestWord } from '../../context/near-words.ts';
import { portsOfPods } from '../../context/pod-ports.ts';
import { portFix } from '../../context/port-fix.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about names. */
export const unknownPortName: LintRule = {
  id: 'unknown-port-name',
  title: 'a named port that no container of the pods has',
  severity: 'warning',
  *check(context) {
    for (const { entry, pods, names, protocol } of askedPorts(context)) {
      for (const name of names) {
        const known = pods.flatMap(({ namedPorts }) => namedPorts.filter((port) => protocol === undefined || port.protocol === protocol));
        if (known.some((port) => port.name === name)) continue;
        const near = nearestWord(name, new Set(known.map((port) => port.name)));
        const other = pods.flatMap(({ namedPorts }) => namedPorts).find((port) => port.name === name);
        yield {
          ...placeOf(entry),
          message: `no container of ${whose(pods)} has a port ${name}${protocolText(protocol)}: this port is none`,
          action:
            other !== undefined
              ? `it is a port of ${formatProtocol(other.protocol)}: name the protocol`
              : near === undefined
                ? 'correct the name, write the number, or name the port in the containers'
                : `did you mean ${near}?`,
        };
      }
    }
  },
};

/** The rule about the ports of services. */
export const servicePort: LintRule = {
  id: 'service-port',
  title: 'the port of a service, where the pods behind it listen on another one',
  severity: 'warning',
  *check(context) {
    for (const asked of askedPorts(context)) {
      for (const { first, services, targets } of unserved(context, asked)) {
        const [service] = services;
        const [target, ...others] = targets;
        if (service === undefined) continue;
        const place = placeOf(asked.entry);
        const fix = target === undefined || others.length > 0 ? undefined : portFix(asked.entry.of, place.field, [first, target]);
        yield {
          ...place,
          message: `${first} is the port of service ${service}, and the pods behind it listen on ${targets.join(', ')}`,
          action: `write ${targets.join(', ')}: policies are asked when the packet is for the pod already`,
          ...(fix === undefined ? {} : { fix }),
        };
      }
    }
  },
};

/** The rule about numbers that nobody declares. */
export const unservedPort: LintRule = {
  id: 'unserved-port',
  title: 'a port that no container of the pods declares',
  severity: 'info',
  *check(context) {
    // What is denied need not be there.
    for (const asked of askedPorts(context).filter(({ entry }) => entry.rule.action !== 'deny')) {
      for (const { first, services } of unserved(context, asked)) {
        if (services.length > 0) continue;
        const declared = [...new Set(portsOfPods(context, asked.pods).declared.map(({ port }) => port))];
        yield {
          ...placeOf(asked.entry),
          message: `no container of ${whose(asked.pods)} declares port ${first}${protocolText(asked.protocol)}; they declare ${declared.join(', ')}`,
          action: 'correct the port, or declare it in the containers',
        };
      }
    }
  },
};

/** What a rule lists of ports: numbers and names. */
interface ListedPorts {
  readonly ports: readonly PortRange[];
  readonly names: readonly string[];
}

/** The ports that a rule asks for at pods that are known. */
interface AskedPorts extends ListedPorts {
  readonly entry: LintRuleEntry;
  /** All that can be the destination. */
  readonly pods: readonly Endpoint[];
  /** Undefined: it does not matter which. */
  readonly protocol: ProtocolNumber | undefined;
  /** All that the rule lists, for whatever protocol. */
  readonly listed: ListedPorts;
}

/** Rules with ports whose destination is pods, each field once. */
function askedPorts(context: LintContext): readonly AskedPorts[] {
  return context.once('asked ports', () => {
    const places = new Map<string, Omit<AskedPorts, 'listed'>[]>();
    const said = new Set<string>();
    for (const entry of context.rules) {
      const { policy, direction, rule } = entry;
      const { protocol, destination } = rule.match;
      const { ports = [], namedPorts: names = [] } = destination;
      if (rule.action === 'log' || (ports.length === 0 && names.length === 0)) continue;
      const pods = direction === 'ingress' ? context.pods.matching(policy.subject).pods : podsOf(context, destination);
      if (pods.length === 0) continue;
      const place = `${entry.of.name} ${placeOf(entry).field} ${direction === 'ingress' ? '' : String(rule.origin.peerIndex)}`;
      const key = `${place} ${protocol ?? ''} ${ports.map(formatPortRange).join()} ${names.join()}`;
      if (said.has(key)) continue;
      said.add(key);
      addToGroup(places, place, { entry, pods, protocol, ports, names });
    }
    return [...places.values()].flatMap(askedAt);
  });
}

/** What is listed for every protocol that has ports, as Cilium means where none is named, has to be there for one of them. */
function askedAt(asked: readonly Omit<AskedPorts, 'listed'>[]): AskedPorts[] {
  const [first, ...others] = asked;
  // Mostly one protocol is named.
  if (first !== undefined && others.length === 0) return [{ ...first, listed: first }];
  const listed = { ports: asked.flatMap(({ ports }) => ports), names: asked.flatMap(({ names }) => names) };
  const counts = new Map<string, Set<ProtocolNumber | undefined>>();
  for (const { protocol, ports, names } of asked)
    for (const key of [...ports.map(formatPortRange), ...names]) counts.set(key, (counts.get(key) ?? new Set()).add(protocol));
  const isOfAny = (key: string): boolean => transports.every((protocol) => counts.get(key)?.has(protocol));
  const anyPorts = new Map(listed.ports.filter((port) => isOfAny(formatPortRange(port))).map((port) => [formatPortRange(port), port]));
  const anyNames = new Set(listed.names.filter(isOfAny));
  if (first === undefined || anyPorts.size + anyNames.size === 0) return asked.map((one) => ({ ...one, listed }));
  const own = asked.map((one) => {
    const ports = one.ports.filter((port) => !isOfAny(formatPortRange(port)));
    return { ...one, ports, names: one.names.filter((name) => !isOfAny(name)), listed };
  });
  return [{ ...first, protocol: undefined, ports: [...anyPorts.values()], names: [...anyNames], listed }, ...own];
}

const transports = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.SCTP];

function podsOf({ pods }: LintContext, { selector, notSelector, nets, groups, node, nodes }: Side): readonly Endpoint[] {
  const isPods = selector !== undefined && notSelector === undefined && nets === undefined && groups === undefined;
  if (!isPods || node !== undefined || nodes !== undefined) return [];
  const { pods: matched, perhaps } = pods.matching(selector);
  return perhaps.length > 0 ? [] : matched;
}

/** A number that nobody declares, with the services that have it as theirs. */
interface UnservedPort {
  readonly first: number;
  readonly services: readonly string[];
  readonly targets: readonly (number | string)[];
}

/** Single ports only: a range is meant to be wider than what is there. */
function unserved(context: LintContext, { pods, ports, protocol, listed }: AskedPorts): readonly UnservedPort[] {
  const { declared, isKnown, services } = portsOfPods(context, pods);
  const fits = ({ first }: PortRange): boolean =>
    declared.some((one) => one.port === first && (protocol === undefined || one.protocol === protocol));
  // Where another port of the rule is served, the pods behind it are those that are meant.
  const missing = ports.filter((port) => port.first === port.last && !fits(port));
  const found = missing.map(({ first }): UnservedPort => {
    const own = services.flatMap((service) =>
      (service.spec?.ports ?? []).flatMap(({ port, targetPort = port }) =>
        port === first && targetPort !== port ? [{ service, targetPort }] : [],
      ),
    );
    const targets = [...new Set(own.map(({ targetPort }) => targetPort))];
    const isAllowedToo = targets.every((target) =>
      typeof target === 'number' ? listed.ports.some((range) => portRangesContain([range], target)) : listed.names.includes(target),
    );
    return {
      first,
      targets,
      services: isAllowedToo ? [] : own.map(({ service }) => `${service.metadata.namespace ?? 'default'}/${service.metadata.name ?? ''}`),
    };
  });
  // The ports of a service say more than those that containers declare.
  return isKnown ? found : found.filter(({ services: behind }) => behind.length > 0);
}

/** The ports stand with the rule, not with its peers. */
function placeOf({ of, rule: { origin } }: LintRuleEntry): Pick<DraftFinding, 'about'> & { readonly field: string } {
  const { peerIndex: _peer, peers: _peers, ...rule } = origin;
  return { about: of, field: fieldOfOrigin(rule) };
}

function whose(pods: readonly Endpoint[]): string {
  const [first] = pods;
  const name = first === undefined ? '' : podName(first);
  return pods.length === 1 ? `pod ${name}` : `pod ${name} and ${pods.length - 1} more`;
}

function protocolText(protocol: ProtocolNumber | undefined): string {
  return protocol === undefined ? '' : ` of ${formatProtocol(protocol)}`;
}
