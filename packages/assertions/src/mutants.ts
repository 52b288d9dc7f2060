/**
 * Policies with one thing changed: a rule taken out, let from everybody, on all ports, or turned around; a policy taken out.
 *
 * Assertions that say what a policy is for should notice each.
 */
import {
  type Direction,
  type DirectionRules,
  describeOrigin,
  type Match,
  type Policy,
  type Rule,
  type Side,
  type SourcePosition,
} from '@weir/model';
import { addToGroup, formatPortRange, formatProtocol } from '@weir/net';

/** A policy with one thing changed. */
export interface Mutant {
  /** As the world has it. */
  readonly policy: Policy;
  /** Absent: the policy is gone. */
  readonly mutated?: Policy;
  /** `ingress[0].from[1]`; absent where it is about the whole policy. */
  readonly rule?: string;
  readonly source?: SourcePosition;
  /** What is changed: `without the rule`. */
  readonly change: string;
  /** Whether more is let through then, or less. */
  readonly effect: 'more' | 'less' | 'either';
}

const directions: readonly Direction[] = ['ingress', 'egress'];

/** Every mutant of a policy, in the order of its rules. */
export function mutantsOf(policy: Policy): Mutant[] {
  const source = policy.source === undefined ? {} : { source: policy.source };
  const isolating = directions.filter((direction) => policy[direction]?.isolates === true);
  const whole: Mutant = { policy, ...source, change: 'without the policy', effect: 'either' };
  const unisolated = isolating.length < 2 ? [] : isolating.map((direction) => withoutIsolation(policy, direction));
  return [whole, ...unisolated, ...directions.flatMap((direction) => ruleMutants(policy, direction))];
}

function withoutIsolation(policy: Policy, direction: Direction): Mutant {
  const { rules = [] } = policy[direction] ?? {};
  const source = policy.source === undefined ? {} : { source: policy.source };
  return {
    policy,
    ...source,
    mutated: withDirection(policy, direction, { isolates: false, rules }),
    change: `without isolating for ${direction}`,
    effect: 'more',
  };
}

function ruleMutants(policy: Policy, direction: Direction): Mutant[] {
  const rules = policy[direction]?.rules ?? [];
  const byOrigin = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (rule.action === 'log') continue;
    const key = describeOrigin(rule.origin);
    addToGroup(byOrigin, key, rule);
  }
  return [...byOrigin].flatMap(([text, own]) => {
    const place = own[0]?.origin.source ?? policy.source;
    const made = (change: string, effect: Mutant['effect'], replace: (rule: Rule) => readonly Rule[]): Mutant => ({
      policy,
      mutated: withDirection(policy, direction, {
        isolates: policy[direction]?.isolates === true,
        rules: rules.flatMap((rule) => (own.includes(rule) ? replace(rule) : rule)),
      }),
      rule: text,
      ...(place === undefined ? {} : { source: place }),
      change,
      effect,
    });
    return changesOf(own, direction, made);
  });
}

type Maker = (change: string, effect: Mutant['effect'], replace: (rule: Rule) => readonly Rule[]) => Mutant;

function changesOf(rules: readonly Rule[], direction: Direction, made: Maker): Mutant[] {
  const action = rules[0]?.action;
  const opened = action === 'allow' ? 'more' : action === 'deny' ? 'less' : 'either';
  const closed = action === 'allow' ? 'less' : action === 'deny' ? 'more' : 'either';
  const peer = direction === 'ingress' ? 'source' : 'destination';
  const mutants = [made('without the rule', closed, () => [])];
  if (rules.some(({ match }) => asksOfPeer(match[peer])))
    mutants.push(
      made(direction === 'ingress' ? 'from everybody' : 'to everybody', opened, (rule) => [
        { ...rule, match: { ...rule.match, [peer]: portsOf(rule.match[peer]) } },
      ]),
    );
  if (rules.some(({ match }) => asksOfTraffic(match)))
    mutants.push(made('for all traffic', opened, (rule) => [{ ...rule, match: anyTraffic(rule.match) }]));
  if (action === 'deny') mutants.push(made('allowing in place of denying', 'more', (rule) => [{ ...rule, action: 'allow' }]));
  return [...mutants, ...portMutants(rules, made, closed)];
}

/** Each port of several taken out. */
function portMutants(rules: readonly Rule[], made: Maker, effect: Mutant['effect']): Mutant[] {
  const items = rules.flatMap((rule) => {
    const { ports = [], namedPorts = [] } = rule.match.destination;
    const protocol = rule.match.protocol === undefined ? '' : `${formatProtocol(rule.match.protocol)} `;
    return [
      ...ports.map((range) => ({
        rule,
        text: `${protocol}${formatPortRange(range)}`,
        keep: { ports: ports.filter((each) => each !== range), namedPorts },
      })),
      ...namedPorts.map((name) => ({
        rule,
        text: `${protocol}${name}`,
        keep: { ports, namedPorts: namedPorts.filter((each) => each !== name) },
      })),
    ];
  });
  if (items.length < 2) return [];
  return items.map(({ rule, text, keep }) =>
    made(`without ${text}`, effect, (each) => {
      if (each !== rule) return [each];
      const { ports: _ports, namedPorts: _names, ...destination } = each.match.destination;
      const left = {
        ...(keep.ports.length === 0 ? {} : { ports: keep.ports }),
        ...(keep.namedPorts.length === 0 ? {} : { namedPorts: keep.namedPorts }),
      };
      return Object.keys(left).length === 0 ? [] : [{ ...each, match: { ...each.match, destination: { ...destination, ...left } } }];
    }),
  );
}

function withDirection(policy: Policy, direction: Direction, rules: DirectionRules): Policy {
  return { ...policy, [direction]: rules };
}

/** What the side asks of ports alone. */
function portsOf({ ports, namedPorts, notPorts, notNamedPorts }: Side): Side {
  return {
    ...(ports === undefined ? {} : { ports }),
    ...(namedPorts === undefined ? {} : { namedPorts }),
    ...(notPorts === undefined ? {} : { notPorts }),
    ...(notNamedPorts === undefined ? {} : { notNamedPorts }),
  };
}

function asksOfPeer(side: Side): boolean {
  return Object.keys(withoutPorts(side)).some((key) => key !== 'clusterPorts');
}

function withoutPorts({
  ports: _ports,
  namedPorts: _names,
  notPorts: _not,
  notNamedPorts: _notNames,
  clusterPorts: _cluster,
  ...others
}: Side): Side {
  return others;
}

function asksOfTraffic({ protocol, notProtocol, icmp, notIcmp, source, destination }: Match): boolean {
  const asked = [protocol, notProtocol, icmp, notIcmp, source.ports, source.namedPorts, destination.ports, destination.namedPorts];
  return [...asked, destination.notPorts, destination.notNamedPorts].some((each) => each !== undefined);
}

function anyTraffic({ family, source, destination }: Match): Match {
  return { ...(family === undefined ? {} : { family }), source: withoutPorts(source), destination: withoutPorts(destination) };
}
