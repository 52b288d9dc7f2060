/** Small states of a node, written by hand in the tests. */
import type {
  Delta,
  EndpointClass,
  HostLocalEndpoint,
  LocalEndpoint,
  Membership,
  PeerSet,
  PeerTest,
  Program,
  ProgramRule,
} from '@weir/calc';
import type { Direction, HostFamily, HostSettings } from '@weir/model';
import {
  type Address,
  cidrRange,
  defined,
  type PortRange,
  parseAddress,
  parseCidr,
  subtractAddressRanges,
  unionOfAddressRanges,
} from '@weir/net';
import { hostAddresses, type PodName } from './world.ts';

/** A rule in short: allow these peers, this protocol, these ports (of ICMP: messages). */
export interface RuleText {
  readonly id?: string;
  readonly action?: ProgramRule['action'];
  /** Names of peer sets, all of which must hold the peer; `!name`: must not. */
  readonly peer?: readonly string[];
  /** The same for the packet's own end; of host endpoints. */
  readonly local?: readonly string[];
  readonly protocol?: number;
  readonly notProtocol?: number;
  readonly ports?: readonly PortText[];
  readonly sourcePorts?: readonly PortText[];
}

/** A port, or the first and last one. */
export type PortText = number | readonly [number, number];

/** Tiers in short, first to last. */
export interface TiersText {
  readonly tiers: readonly { readonly rules: readonly RuleText[]; readonly end: 'deny' | 'pass' }[];
  readonly otherwise: 'allow' | 'deny';
}

/** A program in short; rules alone are one tier that denies at its end. */
export type ProgramText = readonly RuleText[] | TiersText;

/** A host endpoint in short: its interfaces, and its programs by family. */
export type HostText = { readonly interfaces: HostLocalEndpoint['interfaces'] } & Readonly<
  Partial<Record<HostFamily, Readonly<Partial<Record<Direction, ProgramText>>>>>
>;

/** A state in short. */
export interface StateText {
  /** Range sets: `block` or `block except block`. */
  readonly ranges?: Readonly<Record<string, readonly string[]>>;
  /** Sets of pods, by the pods in them; with ports they are sets of named ports. */
  readonly sets?: Readonly<Record<string, Readonly<Partial<Record<PodName, Membership['ports'] | 'member' | undefined>>>>>;
  /** What isolates a pod in a direction; a pod without is not isolated. */
  readonly ingress?: Readonly<Partial<Record<PodName, ProgramText | undefined>>>;
  readonly egress?: Readonly<Partial<Record<PodName, ProgramText | undefined>>>;
  /** The pods that are endpoints of the node; default all three. */
  readonly pods?: readonly PodName[];
  /** Host endpoints by their names. */
  readonly hosts?: Readonly<Record<string, HostText>>;
  /** What holds for all of them; default: nothing stays open, and pods reach their node. */
  readonly hostSettings?: HostSettings;
  /** Changes to endpoints: other uids, unknown interfaces. */
  readonly endpoint?: (pod: PodName, endpoint: LocalEndpoint) => LocalEndpoint;
}

const none = { upserts: [], removals: [] } as const;

/** A delta that changes nothing. */
export const emptyDelta: Delta = { peerSets: none, classes: none, addresses: none, programs: none, endpoints: none, hosts: none };

/** The whole state as a delta to the empty one. */
export function stateDelta(text: StateText, interfaceOf: (pod: PodName) => string | undefined): Delta {
  const pods = text.pods ?? ['a', 'b', 'c'];
  const programs = new Map<string, Program>();
  const programOf = (direction: Direction, text: ProgramText | undefined): string | undefined => {
    if (text === undefined) return undefined;
    const program = programFromText(direction, text);
    programs.set(program.key, program);
    return program.key;
  };
  const endpoints = pods.map((pod) => {
    const link = interfaceOf(pod);
    const ingress = programOf('ingress', text.ingress?.[pod]);
    const egress = programOf('egress', text.egress?.[pod]);
    const endpoint: LocalEndpoint = {
      uid: `uid-${pod}`,
      namespace: 'default',
      name: pod,
      addresses: addressesOf(pod),
      ...(link === undefined ? {} : { interface: link }),
      ...(ingress === undefined ? {} : { ingress }),
      ...(egress === undefined ? {} : { egress }),
    };
    return text.endpoint?.(pod, endpoint) ?? endpoint;
  });
  const classes = classesFromText(text);
  const hosts = Object.entries(text.hosts ?? {}).map(([name, host]) => hostFromText(name, host, programOf));
  return {
    peerSets: { upserts: peerSetsFromText(text), removals: [] },
    classes: { upserts: [...new Map([...classes.values()].map((each) => [each.key, each])).values()], removals: [] },
    addresses: {
      upserts: [...classes].flatMap(([pod, each]) => addressesOf(pod).map((address) => ({ address, class: each.key }))),
      removals: [],
    },
    programs: { upserts: [...programs.values()], removals: [] },
    endpoints: { upserts: endpoints, removals: [] },
    hosts: { upserts: hosts, removals: [] },
    ...(text.hosts === undefined && text.hostSettings === undefined ? {} : { hostSettings: text.hostSettings ?? opensNothing }),
  };
}

const opensNothing: HostSettings = { failsafes: [], podToHost: 'return' };
const hostFamilies: readonly HostFamily[] = ['untracked', 'preDNAT', 'normal', 'forward'];

function hostFromText(
  name: string,
  text: HostText,
  programOf: (direction: Direction, text: ProgramText | undefined) => string | undefined,
): HostLocalEndpoint {
  const programs = hostFamilies.flatMap((family) => {
    const [ingress, egress] = [programOf('ingress', text[family]?.ingress), programOf('egress', text[family]?.egress)];
    const own = { ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
    return text[family] === undefined ? [] : [[family, own] as const];
  });
  return { uid: `uid-host-${name}`, name, interfaces: text.interfaces, programs: Object.fromEntries(programs) };
}

/** The delta from one whole state to another. */
export function deltaBetween(before: Delta, after: Delta): Delta {
  const missing = <T, K>(list: readonly T[], others: readonly T[], key: (item: T) => K): K[] => {
    const kept = new Set(others.map((item) => JSON.stringify(key(item))));
    return list.map(key).filter((each) => !kept.has(JSON.stringify(each)));
  };
  const changed = <T>(list: readonly T[], others: readonly T[]): T[] => {
    const same = new Set(others.map((item) => JSON.stringify(item)));
    return list.filter((item) => !same.has(JSON.stringify(item)));
  };
  const changes = <T, K>(old: readonly T[], now: readonly T[], key: (item: T) => K) => ({
    upserts: changed(now, old),
    removals: missing(old, now, key),
  });
  return {
    peerSets: changes(before.peerSets.upserts, after.peerSets.upserts, (set) => set.key),
    classes: changes(before.classes.upserts, after.classes.upserts, (each) => each.key),
    addresses: changes(before.addresses.upserts, after.addresses.upserts, (each) => each.address),
    programs: changes(before.programs.upserts, after.programs.upserts, (program) => program.key),
    endpoints: changes(before.endpoints.upserts, after.endpoints.upserts, (endpoint) => endpoint.uid),
    hosts: changes(before.hosts.upserts, after.hosts.upserts, (host) => host.uid),
    ...(after.hostSettings === undefined ? {} : { hostSettings: after.hostSettings }),
  };
}

export function addressesOf(pod: PodName): Address[] {
  return ([4, 6] as const).map((family) => defined(parseAddress(hostAddresses[pod][family]), 'a pod has addresses'));
}

function programFromText(direction: Direction, text: ProgramText): Program {
  const { tiers, otherwise }: TiersText = 'tiers' in text ? text : { tiers: [{ rules: text, end: 'deny' }], otherwise: 'allow' };
  return {
    key: `${direction} ${JSON.stringify(text)}`,
    direction,
    tiers: tiers.map(({ rules, end }, tier) => ({
      name: tier === 0 ? 'default' : `tier-${tier}`,
      rules: rules.map((rule, ruleIndex) => programRule(rule, { direction, tier, ruleIndex })),
      end,
    })),
    otherwise,
  };
}

/** Where a rule is in a program. */
interface RulePlace {
  readonly direction: Direction;
  readonly tier: number;
  readonly ruleIndex: number;
}

function programRule(
  { id, action, peer, local, protocol, notProtocol, ports, sourcePorts }: RuleText,
  { direction, tier, ruleIndex }: RulePlace,
): ProgramRule {
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'default', name: 'test' };
  return {
    id: id ?? `rule-${direction}-${tier === 0 ? '' : `${tier}-`}${ruleIndex}`,
    action: action ?? 'allow',
    peer: (peer ?? []).map(testFromText),
    ...(local === undefined ? {} : { local: local.map(testFromText) }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(notProtocol === undefined ? {} : { notProtocol }),
    ...(ports === undefined ? {} : { ports: ports.map(portRange) }),
    ...(sourcePorts === undefined ? {} : { sourcePorts: sourcePorts.map(portRange) }),
    origin: { policy, direction, ruleIndex, peerIndex: 0 },
  };
}

function testFromText(name: string): PeerTest {
  return { set: name.replace('!', ''), negated: name.startsWith('!') };
}

function portRange(port: PortText): PortRange {
  return typeof port === 'number' ? { first: port, last: port } : { first: port[0], last: port[1] };
}

function peerSetsFromText(text: StateText): PeerSet[] {
  const ranges = Object.entries(text.ranges ?? {}).map(([key, blocks]): PeerSet => {
    const parts = blocks.flatMap((block) => {
      const [from, ...except] = block.split(' except ').map((cidr) => cidrRange(defined(parseCidr(cidr), cidr)));
      return subtractAddressRanges(from === undefined ? [] : [from], except);
    });
    return { kind: 'range', key, ranges: unionOfAddressRanges(parts) };
  });
  const sets = Object.entries(text.sets ?? {}).map(([key, members]): PeerSet => {
    const withPorts = Object.values(members).some((member) => Array.isArray(member));
    return { kind: withPorts ? 'addressPort' : 'address', key };
  });
  return [...ranges, ...sets];
}

function classesFromText(text: StateText): Map<PodName, EndpointClass> {
  const classes = new Map<PodName, EndpointClass>();
  for (const pod of ['a', 'b', 'c'] as const) {
    const memberships = Object.entries(text.sets ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([set, members]): Membership[] => {
        const member = members[pod];
        if (member === undefined) return [];
        return [member === 'member' ? { set } : { set, ports: member }];
      });
    if (memberships.length > 0) classes.set(pod, { key: `class ${JSON.stringify(memberships)}`, memberships });
  }
  return classes;
}
