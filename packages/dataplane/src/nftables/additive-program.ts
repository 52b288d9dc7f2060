/**
 * Programs whose rules only allow, and exclude nothing: order does not matter in them, so a packet's verdict
 * is the presence of a tuple.
 */
import type { ContentKey, PeerSet, PeerTest, Program, ProgramRule, ProtocolPort } from '@weir/calc';
import { addToGroup, defined, formatPortRange, isIcmp, type PortRange, type ProtocolNumber, subtractPortRanges } from '@weir/net';
import { asksSourcePorts, excludesNamedPorts, refusalOfRule } from '../programs/rule-refusal.ts';
import type { Tuple } from './element.ts';

/** An accepted program: what it allows any peer, and the rules that ask about the peer. */
export interface AdditiveProgram {
  readonly key: ContentKey;
  readonly anyPeer: readonly Tuple[];
  readonly peerRules: readonly ProgramRule[];
  /**
   * Sets of which a class must be in at least one to be allowed anything, each with the places of the
   * rules that ask for it first: a program may have 100 000 rules, of which a class meets a few.
   */
  readonly wanted: ReadonlyMap<ContentKey, readonly number[]>;
  /** Places of the rules that have negated tests only. */
  readonly negatedOnly: readonly number[];
  /** Whether there are such rules, so that no class can be passed over. */
  readonly asksEveryClass: boolean;
}

/** What a class of peers is in. */
export interface PeerMemberships {
  /** Every set; `ports` only for sets of addresses with ports. */
  readonly sets: ReadonlyMap<ContentKey, readonly ProtocolPort[] | undefined>;
}

/** The program, or the reason why it cannot be enforced as a whole. */
export type CompiledProgram =
  | { readonly kind: 'accepted'; readonly program: AdditiveProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether the program is the union of its rules, each of them tuples of its own. */
export function isAdditive({ tiers }: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): boolean {
  return tiers.every(({ rules }) =>
    rules.every(
      (rule) => rule.action === 'allow' && rule.notProtocol === undefined && !asksSourcePorts(rule) && !excludesNamedPorts(rule, peerSets),
    ),
  );
}

/** Compiles a program that only allows, and checks that all it refers to is there. */
export function compileAdditiveProgram(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): CompiledProgram {
  const rules: ProgramRule[] = [];
  let allowsRest = program.otherwise === 'allow';
  for (const tier of program.tiers) {
    rules.push(...tier.rules);
    if (tier.end !== 'deny') continue;
    allowsRest = false;
    break;
  }
  for (const rule of rules) {
    const reason = refusalOfRule(rule, peerSets, 'nftables');
    if (reason !== undefined) return { kind: 'refused', reason };
  }
  const peerRules = rules.filter((rule) => rule.peer.length > 0);
  const firstPositive = peerRules.map((rule) => rule.peer.find((test) => !test.negated)?.set);
  return {
    kind: 'accepted',
    program: {
      key: program.key,
      anyPeer: mergeTuples([
        ...rules.filter((rule) => rule.peer.length === 0).flatMap((rule) => tuplesOfRule(rule, undefined)),
        ...(allowsRest ? [{}] : []),
      ]),
      peerRules,
      wanted: placesBySet(firstPositive),
      negatedOnly: firstPositive.flatMap((set, place) => (set === undefined ? [place] : [])),
      asksEveryClass: firstPositive.includes(undefined),
    },
  };
}

/** What the program allows the peers of a class, beyond what it allows any peer. */
export function tuplesForClass(program: AdditiveProgram, peer: PeerMemberships): Tuple[] {
  const places = [...program.negatedOnly];
  for (const set of peer.sets.keys()) for (const place of program.wanted.get(set) ?? []) places.push(place);
  const tuples: Tuple[] = [];
  for (const place of places.sort((a, b) => a - b)) {
    const rule = defined(program.peerRules[place], 'a rule is in its place');
    if (!rule.peer.every((test) => peer.sets.has(test.set) !== test.negated)) continue;
    tuples.push(...tuplesOfRule(rule, portsOfPeer(rule.peer, peer)));
  }
  return mergeTuples(tuples);
}

function placesBySet(sets: readonly (ContentKey | undefined)[]): Map<ContentKey, number[]> {
  const places = new Map<ContentKey, number[]>();
  for (const [place, set] of sets.entries()) {
    if (set === undefined) continue;
    addToGroup(places, set, place);
  }
  return places;
}

/** The ports that the peer itself brings along (all `addressPort` sets at once), or undefined. */
function portsOfPeer(tests: readonly PeerTest[], peer: PeerMemberships): readonly ProtocolPort[] | undefined {
  let ports: readonly ProtocolPort[] | undefined;
  for (const test of tests) {
    const own = test.negated ? undefined : peer.sets.get(test.set);
    if (own === undefined) continue;
    const before: readonly ProtocolPort[] | undefined = ports;
    ports = before === undefined ? own : before.filter((a) => own.some((b) => b.protocol === a.protocol && b.port === a.port));
  }
  return ports;
}

function tuplesOfRule(rule: ProgramRule, peerPorts: readonly ProtocolPort[] | undefined): Tuple[] {
  if (peerPorts !== undefined) {
    return peerPorts
      .filter((port) => port.protocol === rule.protocol)
      .map(({ protocol, port }) => ({ protocol, ports: { first: port, last: port }, rule: rule.id }));
  }
  if (rule.protocol === undefined) return [{ rule: rule.id }];
  const { protocol } = rule;
  if (rule.ports === undefined) return [{ protocol, rule: rule.id }];
  return rule.ports.map((ports) =>
    ports.first === 0 && ports.last === 65535 ? { protocol, rule: rule.id } : { protocol, ports, rule: rule.id },
  );
}

/**
 * Makes tuples unique, the first rule keeping what several allow, and ranges of one protocol
 * disjoint: the kernel refuses elements that overlap. Single ports live in a set of their own, single
 * messages of ICMP do not.
 */
function mergeTuples(tuples: Tuple[]): Tuple[] {
  if (tuples.length < 2) return tuples;
  const merged = new Map<string, Tuple>();
  const covered = new Map<ProtocolNumber, PortRange[]>();
  const add = (tuple: Tuple): void => {
    const key = `${tuple.protocol ?? '*'} ${tuple.ports === undefined ? '*' : formatPortRange(tuple.ports)}`;
    if (!merged.has(key)) merged.set(key, tuple);
  };
  for (const tuple of tuples) {
    const { protocol, ports } = tuple;
    if (protocol === undefined || ports === undefined || (ports.first === ports.last && ports.first !== 0 && !isIcmp(protocol))) {
      add(tuple);
      continue;
    }
    const earlier = covered.get(protocol) ?? [];
    for (const part of subtractPortRanges([ports], earlier)) add({ ...tuple, ports: part });
    covered.set(protocol, [...earlier, ports]);
  }
  return [...merged.values()];
}
