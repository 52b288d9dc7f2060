/** Random rules of the model with every field that compilers may use, and a small world that tells them apart. */

import {
  type Action,
  type AddressGroupName,
  type Direction,
  type Endpoint,
  type GroupMember,
  type LabelKey,
  type Match,
  type NamedPort,
  orchestratorKey,
  type Selector,
  type Side,
  serviceAccountKey,
  type WorldNode,
} from '@weir/model';
import {
  type Address,
  type AddressRange,
  defined,
  type Flow,
  hasPorts,
  isIcmp,
  type PortRange,
  parseAddress,
  protocolNumber,
} from '@weir/net';
import * as fc from 'fast-check';

const { TCP, UDP, SCTP, ICMP, ICMPv6 } = protocolNumber;

export function addressOf(text: string): Address {
  return defined(parseAddress(text), `${text} is no address`);
}

const httpAndDns: readonly NamedPort[] = [
  { name: 'http', protocol: TCP, port: 80 },
  { name: 'alt', protocol: TCP, port: 80 },
  { name: 'dns', protocol: UDP, port: 53 },
];
const oddPorts: readonly NamedPort[] = [
  { name: 'http', protocol: TCP, port: 8080 },
  { name: 'http', protocol: TCP, port: 443 },
  { name: 'http', protocol: UDP, port: 80 },
];

export interface PlacedEndpoint {
  readonly name: string;
  readonly namespace: string;
  readonly app: string | undefined;
  readonly node: string;
  readonly account: string | undefined;
  readonly addresses: readonly string[];
  readonly namedPorts: readonly NamedPort[];
}

export const placedEndpoints: readonly PlacedEndpoint[] = [
  { name: '1', namespace: 'a', app: 'x', node: 'n1', account: 'reader', addresses: ['10.0.0.1', 'fd00::1'], namedPorts: httpAndDns },
  { name: '2', namespace: 'a', app: 'y', node: 'n1', account: undefined, addresses: ['10.0.0.2'], namedPorts: oddPorts },
  { name: '3', namespace: 'b', app: 'x', node: 'n2', account: 'reader', addresses: ['10.0.0.3', 'fd00::3'], namedPorts: [] },
  { name: '4', namespace: 'b', app: undefined, node: 'n2', account: 'writer', addresses: ['10.0.0.4', 'fd00::4'], namedPorts: httpAndDns },
];

export const namespaceTeams: Readonly<Record<string, string>> = { a: 'red', b: 'blue' };

/** Where the accounts are that are told. */
export const accountsNamespace = 'b';

/** The endpoints when their service accounts have these labels. */
export function endpointsWith(accounts: Readonly<Record<string, Readonly<Record<string, string>>>>): readonly Endpoint[] {
  return placedEndpoints.map(({ name, namespace, app, node, account, addresses, namedPorts }) => ({
    uid: `${namespace}/${name}`,
    namespace,
    name,
    node,
    addresses: addresses.map(addressOf),
    labels: {
      pod: app === undefined ? {} : { app },
      namespace: { team: namespaceTeams[namespace] ?? '' },
      serviceAccount: account === undefined || namespace !== accountsNamespace ? {} : (accounts[account] ?? {}),
      reserved: { namespace, name, orchestrator: 'k8s', ...(account === undefined ? {} : { serviceAccount: account }) },
    },
    namedPorts,
  }));
}

export const endpoints: readonly Endpoint[] = endpointsWith({});

export const nodes: readonly WorldNode[] = [
  { name: 'n1', addresses: [addressOf('10.1.0.1'), addressOf('fd01::1')] },
  { name: 'n2', addresses: [addressOf('10.1.0.2'), addressOf('fd01::2')] },
];

export const groups: ReadonlyMap<AddressGroupName, readonly GroupMember[]> = new Map<AddressGroupName, readonly GroupMember[]>([
  [
    'service/a/s',
    [
      { address: addressOf('10.0.0.2'), protocol: TCP, port: 80 },
      { address: addressOf('10.0.0.2'), protocol: TCP, port: 443 },
      { address: addressOf('10.0.0.3'), protocol: UDP, port: 53 },
      { address: addressOf('192.0.2.7'), protocol: TCP, port: 443 },
    ],
  ],
  ['service/a/empty', []],
  ['domain/example.org', [{ address: addressOf('192.0.2.7') }, { address: addressOf('2001:db8::7') }, { address: addressOf('10.0.0.4') }]],
]);

/** Ends that are not pods: nodes, and addresses of nobody. */
const strangers = ['10.1.0.1', '10.1.0.2', 'fd01::2', '192.0.2.7', '192.0.2.8', '2001:db8::7'].map(addressOf);

function range(first: string, last: string): AddressRange {
  return { first: addressOf(first), last: addressOf(last) };
}

const nets: fc.Arbitrary<readonly AddressRange[]> = fc.constantFrom(
  [range('10.0.0.0', '10.0.0.2')],
  [range('10.0.0.2', '10.0.0.3'), range('fd00::', 'fd00::3')],
  [range('0.0.0.0', '255.255.255.255')],
  [range('192.0.2.7', '192.0.2.7'), range('2001:db8::', '2001:db8::ff')],
  [range('10.1.0.0', '10.1.0.255')],
  [],
);

const app: LabelKey = { space: 'pod', key: 'app' };
const team: LabelKey = { space: 'namespace', key: 'team' };
const role: LabelKey = { space: 'serviceAccount', key: 'role' };
const namespaceName: LabelKey = { space: 'reserved', key: 'namespace' };

const leaf: fc.Arbitrary<Selector> = fc.constantFrom<Selector>(
  { kind: 'all' },
  { kind: 'none' },
  { kind: 'in', label: app, values: ['x'] },
  { kind: 'notIn', label: app, values: ['x'] },
  { kind: 'exists', label: app },
  { kind: 'text', label: team, test: 'startsWith', value: 'r' },
  { kind: 'in', label: team, values: ['blue'] },
  { kind: 'in', label: namespaceName, values: ['a'] },
  { kind: 'in', label: serviceAccountKey, values: ['reader'] },
  { kind: 'in', label: role, values: ['reader'] },
  { kind: 'notIn', label: role, values: ['reader'] },
  { kind: 'in', label: orchestratorKey, values: ['k8s'] },
);

export const selector: fc.Arbitrary<Selector> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map((of): Selector => ({ kind: 'and', of })) },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map((of): Selector => ({ kind: 'or', of })) },
  { weight: 1, arbitrary: leaf.map((of): Selector => ({ kind: 'not', of })) },
);

const ports: fc.Arbitrary<readonly PortRange[]> = fc.constantFrom(
  [{ first: 80, last: 80 }],
  [
    { first: 53, last: 80 },
    { first: 443, last: 443 },
  ],
  [{ first: 0, last: 65_535 }],
  [{ first: 81, last: 65_535 }],
  [],
);
const names = fc.constantFrom(['http'], ['dns', 'http'], ['alt'], ['nobody']);
const groupNames = fc.constantFrom<AddressGroupName[]>(
  ['service/a/s'],
  ['domain/example.org', 'service/a/s'],
  ['domain/example.org'],
  ['service/a/empty'],
  ['domain/nowhere'],
);

/** Present in one of so many. */
function now<T>(freq: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.integer({ min: 1, max: freq }).chain((at) => (at === 1 ? arbitrary : fc.constant(undefined)));
}

interface SideDraft {
  readonly selector: Selector | undefined;
  readonly notSelector: Selector | undefined;
  readonly nets: readonly AddressRange[] | undefined;
  readonly notNets: readonly AddressRange[] | undefined;
  readonly groups: readonly AddressGroupName[] | undefined;
  readonly node: 'own' | 'other' | undefined;
  readonly nodes: readonly AddressRange[] | undefined;
  readonly outside: true | undefined;
  readonly ports: readonly PortRange[] | undefined;
  readonly namedPorts: readonly string[] | undefined;
  readonly notPorts: readonly PortRange[] | undefined;
  readonly notNamedPorts: readonly string[] | undefined;
}

const remoteDraft: fc.Arbitrary<SideDraft> = fc.record({
  selector: now(2, selector),
  notSelector: now(6, selector),
  nets: now(6, nets),
  notNets: now(6, nets),
  groups: now(5, groupNames),
  node: now(10, fc.constantFrom('own' as const, 'other' as const)),
  nodes: now(14, nets),
  outside: now(8, fc.constant(true as const)),
  ports: now(4, ports),
  namedPorts: now(4, names),
  notPorts: now(6, ports),
  notNamedPorts: now(6, names),
});

/** What is asked of the endpoint that the policy selects: `apart` is the share of rules that ask for its labels or addresses. */
function localDraft(apart: number): fc.Arbitrary<SideDraft> {
  const never = fc.constant(undefined);
  return fc.record({
    selector: apart === 0 ? never : now(apart, selector),
    notSelector: apart === 0 ? never : now(apart * 3, selector),
    nets: apart === 0 ? never : now(apart * 2, nets),
    notNets: apart === 0 ? never : now(apart * 3, nets),
    groups: never,
    node: never,
    nodes: never,
    outside: never,
    ports: now(4, ports),
    namedPorts: now(4, names),
    notPorts: now(6, ports),
    notNamedPorts: now(6, names),
  });
}

function given<T extends object>(draft: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Without what no rule can say: see `Side` and `Match`. */
function legal(direction: Direction, match: Match): Match {
  const sideOf = (side: Side, isPeer: boolean): Side => {
    const { namedPorts, notNamedPorts, notPorts, ...others } = side;
    const mayExclude = match.protocol !== undefined && hasPorts(match.protocol);
    const mayName = !isPeer || direction === 'ingress' || others.groups === undefined || others.outside === true;
    return {
      ...others,
      ...(namedPorts !== undefined && mayName ? { namedPorts } : {}),
      ...(notPorts !== undefined && mayExclude ? { notPorts } : {}),
      ...(notNamedPorts !== undefined && mayExclude && mayName ? { notNamedPorts } : {}),
    };
  };
  const { notIcmp, ...rest } = match;
  return {
    ...rest,
    ...(notIcmp !== undefined && match.protocol !== undefined && isIcmp(match.protocol) ? { notIcmp } : {}),
    source: sideOf(match.source, direction === 'ingress'),
    destination: sideOf(match.destination, direction === 'egress'),
  };
}

const messages = fc.constantFrom({ type: 8 }, { type: 8, code: 0 }, { type: 3, code: 1 });

/** What rules of a direction can match. */
export function matchOf(direction: Direction, apart = 0): fc.Arbitrary<Match> {
  return fc
    .record({
      protocol: now(2, fc.constantFrom(TCP, TCP, UDP, SCTP, ICMP, ICMPv6, 47)),
      notProtocol: now(6, fc.constantFrom(TCP, UDP, ICMP)),
      icmp: now(8, messages),
      notIcmp: now(2, messages),
      family: now(8, fc.constantFrom(4 as const, 6 as const)),
      remote: remoteDraft,
      local: localDraft(apart),
    })
    .map(({ remote, local, ...others }) => {
      const [source, destination] = direction === 'ingress' ? [remote, local] : [local, remote];
      return legal(direction, { ...given(others), source: given(source), destination: given(destination) });
    });
}

export const action: fc.Arbitrary<Action> = fc.constantFrom('allow', 'allow', 'deny', 'pass', 'log');

/** Flows between such ends of which one at least is a pod, everything told that a packet tells. */
export function flowBetween(isAsked: (source: Address, destination: Address) => boolean): fc.Arbitrary<Flow> {
  const ends = endsOfFlows().filter(([source, destination]) => isAsked(source, destination));
  return fc
    .record({
      ends: fc.constantFrom(...ends),
      protocol: fc.constantFrom(TCP, TCP, UDP, SCTP, 0, 47),
      sourcePort: fc.constantFrom(80, 443, 1_000),
      destinationPort: fc.constantFrom(53, 80, 443, 8080, 9_000),
      message: fc.constantFrom(8 * 256, 8 * 256 + 1, 3 * 256 + 1),
    })
    .map(({ ends: [source, destination], protocol: drawn, sourcePort, destinationPort, message }) => {
      const protocol = drawn !== 0 ? drawn : source.family === 4 ? ICMP : ICMPv6;
      return {
        source,
        destination,
        protocol,
        ...(hasPorts(protocol) ? { sourcePort, destinationPort } : {}),
        ...(isIcmp(protocol) ? { message } : {}),
      };
    });
}

function endsOfFlows(): [Address, Address][] {
  const pods = endpoints.flatMap(({ addresses }) => addresses);
  const all = [...pods, ...strangers];
  return all.flatMap((source) =>
    all.flatMap((destination): [Address, Address][] =>
      source.family === destination.family && source !== destination && (pods.includes(source) || pods.includes(destination))
        ? [[source, destination]]
        : [],
    ),
  );
}
