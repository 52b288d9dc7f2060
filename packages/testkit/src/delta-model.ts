/**
 * A plain interpreter of deltas: what a data plane that follows the contract of `calc` to the
 * letter would do with a packet. It keeps the state that the deltas add up to, checks every promise
 * of the contract on the way, and searches linearly.
 *
 * Throws an Error at the first broken promise: a referent that is missing, a key whose content
 * changed, something removed that was not there or added twice.
 */
import type {
  AddressClass,
  Changes,
  Delta,
  EndpointClass,
  HostLocalEndpoint,
  LocalEndpoint,
  PeerSet,
  PeerTest,
  Program,
  ProgramRule,
} from '@weir/calc';
import type { Direction, HostSettings } from '@weir/model';
import { type Address, compareAddresses, type Flow, formatAddress, hasPorts, isIcmp, type PortRange } from '@weir/net';
import { type HostPacket, hostsAllow } from './host-reading.ts';

/** What one node says of a flow; a direction is absent when that end is no endpoint of the node. */
export interface NodeVerdict {
  readonly egressAllowed?: boolean;
  readonly ingressAllowed?: boolean;
}

/** How many things of each kind a state holds. */
export interface DeltaModelSize {
  readonly peerSets: number;
  readonly classes: number;
  readonly addresses: number;
  readonly programs: number;
  readonly endpoints: number;
  readonly hosts: number;
}

/** What a model tolerates. */
export interface DeltaModelOptions {
  /**
   * Whether deltas are squashed ones: what came and went between may be removed without having
   * been there, and an address or endpoint may be given again unchanged. Default false.
   */
  readonly squashed?: boolean;
  /** Whether pods reach their own node whatever their programs say. Default false. */
  readonly podReachesOwnNode?: boolean;
}

/** The state of one node's data plane. */
export class DeltaModel {
  readonly #squashed: boolean;
  readonly #podReachesOwnNode: boolean;
  readonly #peerSets: Map<string, PeerSet> = new Map();
  readonly #classes: Map<string, EndpointClass> = new Map();
  readonly #addresses: Map<string, AddressClass> = new Map();
  readonly #programs: Map<string, Program> = new Map();
  readonly #endpoints: Map<string, LocalEndpoint> = new Map();
  readonly #hosts: Map<string, HostLocalEndpoint> = new Map();
  #hostSettings: HostSettings | undefined;

  constructor({ squashed = false, podReachesOwnNode = false }: DeltaModelOptions = {}) {
    this.#squashed = squashed;
    this.#podReachesOwnNode = podReachesOwnNode;
  }

  /** Applies a delta: upserts in dependency order, then removals in the reverse order. */
  apply(delta: Delta): void {
    const named: UpsertRule = this.#squashed ? 'repeatable' : 'changeable';
    for (const set of enter('peer set', this.#peerSets, delta.peerSets, 'content keyed')) this.#checkPeerSet(set);
    for (const entry of enter('class', this.#classes, delta.classes, 'content keyed')) this.#checkClass(entry);
    for (const entry of enter('address', this.#addresses, addressChanges(delta), named)) this.#checkAddress(entry);
    for (const program of enter('program', this.#programs, delta.programs, 'content keyed')) this.#checkProgram(program);
    for (const endpoint of enter('endpoint', this.#endpoints, byUid(delta.endpoints), named)) this.#checkEndpoint(endpoint);
    this.#hostSettings = delta.hostSettings ?? this.#hostSettings;
    for (const host of enter('host endpoint', this.#hosts, byUid(delta.hosts), named)) this.#checkHost(host);
    leave('host endpoint', this.#hosts, this.#named(delta.hosts.removals, this.#hosts));
    leave('endpoint', this.#endpoints, this.#named(delta.endpoints.removals, this.#endpoints));
    leave('program', this.#programs, delta.programs.removals);
    leave('address', this.#addresses, this.#named(delta.addresses.removals.map(formatAddress), this.#addresses));
    leave('class', this.#classes, delta.classes.removals);
    leave('peer set', this.#peerSets, delta.peerSets.removals);
    this.#checkAll();
  }

  /** What the node says of a flow; `nodeAddresses` are the node's own. */
  judge(flow: Flow, nodeAddresses: readonly Address[]): NodeVerdict {
    const source = this.#endpointAt(flow.source);
    const destination = this.#endpointAt(flow.destination);
    const self = source !== undefined && source === destination;
    const toNode = this.#podReachesOwnNode && nodeAddresses.some((address) => equal(address, flow.destination));
    const fromNode = nodeAddresses.some((address) => equal(address, flow.source));
    return {
      ...(source && { egressAllowed: self || toNode || this.#runs(source.egress, flow.destination, flow) }),
      ...(destination && { ingressAllowed: self || fromNode || this.#runs(destination.ingress, flow.source, flow) }),
    };
  }

  /** Whether host endpoints let the first packet of a connection through; pods' programs are not asked. */
  hostsAllow(packet: HostPacket): boolean {
    return hostsAllow(packet, {
      hosts: [...this.#hosts.values()],
      settings: this.#hostSettings ?? { failsafes: [], podToHost: 'return' },
      decide: (key, peer, flow) => this.#decision(required('program', this.#programs, key), peer, flow),
      otherwise: (key) => required('program', this.#programs, key).otherwise,
    });
  }

  /** Things that nothing refers to: they should have been removed. */
  orphans(): string[] {
    const programs = [...this.#endpoints.values()].flatMap(({ ingress, egress }) => [ingress, egress]);
    programs.push(...[...this.#hosts.values()].flatMap(programsOfHost).map(({ key }) => key));
    const sets = [...this.#programs.values()].flatMap((program) =>
      rulesOf(program).flatMap(({ peer, local = [] }) => [...peer, ...local].map(({ set }) => set)),
    );
    const classes = [...this.#addresses.values()].map((entry) => entry.class);
    return [
      ...unused('program', this.#programs, programs),
      ...unused('peer set', this.#peerSets, sets),
      ...unused('class', this.#classes, classes),
    ];
  }

  /** How large the state is; all zero for the empty one. */
  size(): DeltaModelSize {
    return {
      peerSets: this.#peerSets.size,
      classes: this.#classes.size,
      addresses: this.#addresses.size,
      programs: this.#programs.size,
      endpoints: this.#endpoints.size,
      hosts: this.#hosts.size,
    };
  }

  /** The whole state as sorted texts, to compare two models with. */
  dump(): string[] {
    const kinds = {
      peerSets: this.#peerSets,
      classes: this.#classes,
      addresses: this.#addresses,
      programs: this.#programs,
      endpoints: this.#endpoints,
      hosts: this.#hosts,
      hostSettings: new Map(this.#hostSettings === undefined ? [] : [['', this.#hostSettings]]),
    };
    return Object.entries(kinds).flatMap(([kind, entries]) =>
      [...entries]
        .map(([key, value]): [string, unknown] => [key, value])
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${kind} ${key} ${JSON.stringify(value)}`),
    );
  }

  #endpointAt(address: Address): LocalEndpoint | undefined {
    return [...this.#endpoints.values()].find(({ addresses }) => addresses.some((own) => equal(own, address)));
  }

  #runs(key: string | undefined, peer: Address, flow: Flow): boolean {
    if (key === undefined) return true;
    const program = required('program', this.#programs, key);
    return (this.#decision(program, peer, flow) ?? program.otherwise) === 'allow';
  }

  /** What the tiers say; undefined: nothing. */
  #decision({ tiers }: Program, peer: Address, flow: Flow): 'allow' | 'deny' | undefined {
    for (const tier of tiers) {
      const action = this.#firstDecision(tier.rules, peer, flow);
      if (action === 'allow' || action === 'deny') return action;
      if (action === undefined && tier.end === 'deny') return 'deny';
    }
    return undefined;
  }

  /** Of names that leave, those that can be there: squashed deltas name others too. */
  #named(names: readonly string[], state: ReadonlyMap<string, unknown>): readonly string[] {
    return this.#squashed ? names.filter((name) => state.has(name)) : names;
  }

  /** The first matching rule's action, `log` aside; undefined when no rule decides. */
  #firstDecision(rules: readonly ProgramRule[], peer: Address, flow: Flow): 'allow' | 'deny' | 'pass' | undefined {
    for (const rule of rules) {
      const { action, peer: tests, local = [] } = rule;
      if (action === 'log' || !asksFor(rule, flow)) continue;
      const own = peer === flow.source ? flow.destination : flow.source;
      const holds = (address: Address) => (test: PeerTest) => this.#isMember(test, address, flow) !== test.negated;
      if (tests.every(holds(peer)) && local.every(holds(own))) return action;
    }
    return undefined;
  }

  #isMember({ set: key, port: asked }: PeerTest, peer: Address, flow: Flow): boolean {
    const set = required('peer set', this.#peerSets, key);
    if (set.kind === 'range') return set.ranges.some(({ first, last }) => between(first, peer, last));
    const classKey = this.#addresses.get(formatAddress(peer))?.class;
    if (classKey === undefined) return false;
    const membership = required('class', this.#classes, classKey).memberships.find((each) => each.set === key);
    if (membership === undefined) return false;
    if (set.kind === 'address') return true;
    const own = asked === 'source' ? flow.sourcePort : flow.destinationPort;
    return (membership.ports ?? []).some(({ protocol, port }) => protocol === flow.protocol && port === own);
  }

  /** What is changed in place or removed must leave no reference to nothing behind. */
  #checkAll(): void {
    for (const entry of this.#classes.values()) this.#checkClass(entry);
    for (const entry of this.#addresses.values()) this.#checkAddress(entry);
    for (const program of this.#programs.values()) this.#checkProgram(program);
    const owners = new Map<string, string>();
    for (const endpoint of this.#endpoints.values()) {
      this.#checkEndpoint(endpoint);
      for (const address of endpoint.addresses.map(formatAddress)) {
        const other = owners.get(address);
        check(other === undefined, `the endpoints ${other} and ${endpoint.uid} both have ${address}`);
        owners.set(address, endpoint.uid);
      }
    }
    const links = new Map<string, string>();
    for (const host of this.#hosts.values()) {
      this.#checkHost(host);
      for (const name of host.interfaces === 'all' ? ['all'] : host.interfaces.map((each) => `interface ${each}`)) {
        const other = links.get(name);
        check(other === undefined, `the host endpoints ${other} and ${host.uid} both have ${name}`);
        links.set(name, host.uid);
      }
    }
  }

  #checkPeerSet(set: PeerSet): void {
    if (set.kind !== 'range') return;
    for (const [i, range] of set.ranges.entries()) {
      check(compareAddresses(range.first, range.last) <= 0, `peer set ${set.key} has a range that ends before it starts`);
      const before = set.ranges[i - 1];
      check(
        before === undefined || compareAddresses(before.last, range.first) < 0,
        `the ranges of peer set ${set.key} overlap or are not sorted`,
      );
    }
  }

  #checkClass({ key, memberships }: EndpointClass): void {
    check(memberships.length > 0, `class ${key} is in no set`);
    for (const [i, { set, ports }] of memberships.entries()) {
      const before = memberships[i - 1];
      check(before === undefined || before.set < set, `the memberships of class ${key} are not sorted or repeat`);
      const { kind } = required('peer set', this.#peerSets, set, `class ${key}`);
      check(kind !== 'range', `class ${key} is in the range set ${set}`);
      check((kind === 'addressPort') === (ports !== undefined && ports.length > 0), `class ${key} has the wrong ports for set ${set}`);
    }
  }

  #checkAddress({ address, class: classKey }: AddressClass): void {
    required('class', this.#classes, classKey, `address ${formatAddress(address)}`);
  }

  #checkProgram(program: Program): void {
    for (const rule of rulesOf(program)) {
      const { id, peer, protocol, notProtocol, ports, sourcePorts } = rule;
      const named = peer.filter(({ set }) => required('peer set', this.#peerSets, set, `program ${program.key}`).kind === 'addressPort');
      const carriesPorts = protocol !== undefined && hasPorts(protocol);
      check(named.length === 0 || carriesPorts, `rule ${id} has an addressPort set and no protocol with ports`);
      for (const { negated, port } of named) {
        const own = port === 'source' ? sourcePorts : ports;
        check(own === undefined || negated, `rule ${id} wants an addressPort set and has ports`);
      }
      const carriesMessages = protocol !== undefined && isIcmp(protocol);
      check(ports === undefined || carriesPorts || carriesMessages, `rule ${id} has ports without a protocol that has some`);
      check(sourcePorts === undefined || carriesPorts, `rule ${id} has source ports without a protocol that has ports`);
      check(ports?.length !== 0 && sourcePorts?.length !== 0, `rule ${id} has an empty list of ports`);
      check(protocol === undefined || notProtocol === undefined, `rule ${id} wants a protocol and excludes one`);
    }
  }

  #checkEndpoint(endpoint: LocalEndpoint): void {
    for (const direction of ['ingress', 'egress'] as const) {
      const key = endpoint[direction];
      if (key !== undefined) this.#checkProgramOf(`endpoint ${endpoint.uid}`, key, direction);
    }
  }

  #checkHost(host: HostLocalEndpoint): void {
    const whose = `host endpoint ${host.uid}`;
    check(this.#hostSettings !== undefined, `${whose} is there before its settings`);
    check(host.programs.preDNAT?.egress === undefined, `${whose} has a preDNAT program for egress`);
    for (const { family, direction, key } of programsOfHost(host)) {
      const { tiers, otherwise } = this.#checkProgramOf(whose, key, direction);
      if (family !== 'untracked' && family !== 'preDNAT') continue;
      check(otherwise === 'allow' && tiers.every(({ end }) => end === 'pass'), `the ${family} program of ${whose} ends with no`);
    }
  }

  #checkProgramOf(whose: string, key: string, direction: Direction): Program {
    const program = required('program', this.#programs, key, whose);
    check(program.direction === direction, `${whose} has a program of the other direction for ${direction}`);
    return program;
  }
}

function programsOfHost({
  programs,
}: HostLocalEndpoint): { readonly family: string; readonly direction: Direction; readonly key: string }[] {
  return Object.entries(programs).flatMap(([family, { ingress, egress }]) => [
    ...(ingress === undefined ? [] : [{ family, direction: 'ingress' as const, key: ingress }]),
    ...(egress === undefined ? [] : [{ family, direction: 'egress' as const, key: egress }]),
  ]);
}

/** What an upsert of what is there already may do: nothing, change it, or say it again. */
type UpsertRule = 'content keyed' | 'changeable' | 'repeatable';

interface KeyedChanges<T> {
  readonly upserts: readonly (readonly [string, T])[];
  readonly removals: readonly string[];
}

function addressChanges({ addresses }: Delta): KeyedChanges<AddressClass> {
  return {
    upserts: addresses.upserts.map((entry) => [formatAddress(entry.address), entry]),
    removals: addresses.removals.map(formatAddress),
  };
}

function byUid<T extends { readonly uid: string }>({ upserts, removals }: Changes<T, string>): KeyedChanges<T> {
  return { upserts: upserts.map((item) => [item.uid, item]), removals };
}

/** Puts upserts into the map and gives them back, for checks that need all of them in place. */
function enter<T>(
  kind: string,
  state: Map<string, T>,
  changes: KeyedChanges<T> | Changes<T & { readonly key: string }, string>,
  rule: UpsertRule,
): T[] {
  const upserts = changes.upserts.map((upsert): readonly [string, T] => (isPair(upsert) ? upsert : [upsert.key, upsert]));
  const keys = new Set(upserts.map(([key]) => key));
  check(keys.size === upserts.length, `a ${kind} is upserted twice in one delta`);
  for (const key of changes.removals) check(!keys.has(key), `the ${kind} ${key} is upserted and removed in one delta`);
  for (const [key, value] of upserts) {
    check(rule !== 'content keyed' || !state.has(key), `the ${kind} ${key} is added and was there already`);
    check(
      rule === 'repeatable' || JSON.stringify(state.get(key)) !== JSON.stringify(value),
      `the ${kind} ${key} is upserted and has not changed`,
    );
    state.set(key, value);
  }
  return upserts.map(([, value]) => value);
}

function isPair<T>(upsert: readonly [string, T] | (T & { readonly key: string })): upsert is readonly [string, T] {
  return Array.isArray(upsert);
}

function leave<T>(kind: string, state: Map<string, T>, keys: readonly string[]): void {
  for (const key of keys) check(state.delete(key), `the ${kind} ${key} is removed and was not there`);
}

function unused<T>(kind: string, state: ReadonlyMap<string, T>, used: readonly (string | undefined)[]): string[] {
  const set = new Set(used);
  return [...state.keys()].filter((key) => !set.has(key)).map((key) => `${kind} ${key}`);
}

function required<T>(kind: string, state: ReadonlyMap<string, T>, key: string, by = 'a lookup'): T {
  const value = state.get(key);
  if (value === undefined) throw new Error(`${by} needs the ${kind} ${key}, which is not there`);
  return value;
}

function rulesOf(program: Program): readonly ProgramRule[] {
  return program.tiers.flatMap(({ rules }) => rules);
}

/** Whether protocol, ports and message of the flow are those of the rule; its peer aside. */
function asksFor({ protocol, notProtocol, ports, sourcePorts }: ProgramRule, flow: Flow): boolean {
  if (protocol !== undefined && protocol !== flow.protocol) return false;
  if (notProtocol === flow.protocol) return false;
  const target = isIcmp(flow.protocol) ? flow.message : flow.destinationPort;
  return isAmong(ports, target) && isAmong(sourcePorts, flow.sourcePort);
}

function isAmong(ranges: readonly PortRange[] | undefined, port: number | undefined): boolean {
  return ranges === undefined || (port !== undefined && ranges.some(({ first, last }) => port >= first && port <= last));
}

function equal(a: Address, b: Address): boolean {
  return compareAddresses(a, b) === 0;
}

function between(first: Address, address: Address, last: Address): boolean {
  return compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0;
}

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`the delta breaks its contract: ${message}`);
}
