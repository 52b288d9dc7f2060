/**
 * The conformance suite of network-policy-api v0.2.0 for ClusterNetworkPolicy, as data: what each of its 24 tests applies,
 * how it changes that, and who must reach whom then. Names are the suite's; the expectations are written down by hand.
 */
import type { JsonObject, KubeObject } from '@weir/kube';
import { type House, namespaceOfHouse } from './conformance-base.ts';

/** A house that has pods of its own network, or the one on the nodes' network. */
type Protocol = 'TCP' | 'UDP' | 'SCTP';
type Direction = 'ingress' | 'egress';
type Tier = 'Admin' | 'Baseline';

/** One attempt from a pod to a port of another; pods are a house and a number. */
export interface ConformanceProbe {
  readonly from: readonly [House, number];
  readonly to: readonly [House, number];
  readonly protocol: Protocol;
  readonly port: number;
  readonly passes: boolean;
}

/** What is changed before the probes of a step: parts of a policy's spec, made of what it was; or a policy goes. */
export type ConformanceChange =
  | { readonly policy: string; merge(spec: JsonObject, addressOf: (pod: ConformanceProbe['to']) => string): JsonObject }
  | { readonly removedNetworkPolicy: string; readonly house: House };

/** One subtest. */
export interface ConformanceStep {
  readonly title: string;
  readonly change?: ConformanceChange;
  readonly probes: readonly ConformanceProbe[];
}

/** One test of the suite; what it applied goes when it ends. */
export interface ConformanceCase {
  readonly name: string;
  readonly objects: readonly KubeObject[];
  readonly steps: readonly ConformanceStep[];
}

const byName = (house: House): object => ({ namespaces: { matchLabels: { 'kubernetes.io/metadata.name': namespaceOfHouse(house) } } });
const labelled = (house: House): object => ({ matchLabels: { 'conformance-house': house } });
const podsOf = (house: House): object => ({ pods: { namespaceSelector: labelled(house), podSelector: labelled(house) } });
const linuxNodes = { nodes: { matchLabels: { 'kubernetes.io/os': 'linux' } } };
const everything = { networks: ['0.0.0.0/0', '::/0'] };
const at = (protocol: Protocol, number: number): object => ({ [protocol.toLowerCase()]: { destinationPort: { number } } });

function policy(name: string, tier: Tier, priority: number, spec: object): KubeObject {
  const object = {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier, priority, ...spec },
  };
  return object;
}

function rule(direction: Direction, action: string, peers: readonly object[], protocols: readonly object[] = []): object {
  return { action, [direction === 'ingress' ? 'from' : 'to']: peers, ...(protocols.length === 0 ? {} : { protocols }) };
}

/** The rules at two places change these. */
function swapped(policyName: string, directions: readonly Direction[], first: number, second: number): ConformanceChange {
  return {
    policy: policyName,
    merge: (spec) =>
      Object.fromEntries(
        directions.map((direction) => {
          const rules = [...(spec[direction] as unknown[])];
          [rules[first], rules[second]] = [rules[second], rules[first]];
          return [direction, rules];
        }),
      ),
  };
}

/** Which houses the rules of a plan are about, and at which ports. */
interface OrderPlan {
  readonly subject: House;
  /** Reached or reaching on every port, as the order of rules says. */
  readonly open: House;
  readonly denied: House;
  readonly deniedAt: readonly (readonly [Protocol, number])[];
  readonly allowed: House;
  readonly allowedAt: readonly (readonly [Protocol, number])[];
}

/** Ports that the pods serve, by protocol. */
const served: Readonly<Record<Protocol, readonly [number, number]>> = { TCP: [80, 8080], UDP: [53, 5353], SCTP: [9003, 9005] };
const otherPort = (protocol: Protocol, port: number): number => served[protocol].find((each) => each !== port) ?? port;

/** Rules of one direction, in which Accept, Deny and (in the Admin tier) Pass say different things of the same traffic. */
function orderedRules(tier: Tier, direction: Direction, plan: OrderPlan): readonly object[] {
  const toPorts = (ports: OrderPlan['deniedAt']): object[] => ports.map(([protocol, port]) => at(protocol, port));
  const isAdmin = tier === 'Admin';
  const pass = (house: House, ports: OrderPlan['deniedAt'] = []): object[] =>
    isAdmin ? [rule(direction, 'Pass', [byName(house)], toPorts(ports))] : [];
  return [
    rule(direction, 'Accept', [byName(plan.open)]),
    rule(direction, 'Deny', [byName(plan.open)]),
    ...pass(plan.open),
    rule(direction, 'Deny', [byName(plan.denied)], toPorts(plan.deniedAt)),
    ...pass(plan.denied, plan.deniedAt),
    rule(direction, 'Accept', [byName(plan.allowed)], toPorts(plan.allowedAt)),
    rule(direction, 'Deny', [byName(plan.allowed)]),
  ];
}

/** Attempts between the subject and another house, with both of its pods, in the direction of the rules. */
function attempts(
  direction: Direction,
  plan: OrderPlan,
  house: House,
  ports: readonly (readonly [Protocol, number, boolean])[],
): ConformanceProbe[] {
  return ports.map(([protocol, port, passes], i): ConformanceProbe => {
    const [own, other] = [[plan.subject, i % 2] as const, [house, (i + 1) % 2] as const];
    return direction === 'ingress' ? { from: other, to: own, protocol, port, passes } : { from: own, to: other, protocol, port, passes };
  });
}

/** The subtests about the order of rules, of one or both directions. */
function orderSteps(name: string, tier: Tier, plans: Partial<Readonly<Record<Direction, OrderPlan>>>): readonly ConformanceStep[] {
  const parts = (Object.entries(plans) as [Direction, OrderPlan][]).map(([direction, plan]) => ({ direction, plan }));
  const directions = parts.map(({ direction }) => direction);
  const open = (passes: boolean): ConformanceProbe[] =>
    parts.flatMap(({ direction, plan }) =>
      attempts(
        direction,
        plan,
        plan.open,
        plan.deniedAt.flatMap(([protocol]) => served[protocol].map((port) => [protocol, port, passes] as const)),
      ),
    );
  const atPorts = (house: 'denied' | 'allowed', passesThere: boolean, passesElsewhere: boolean): ConformanceProbe[] =>
    parts.flatMap(({ direction, plan }) =>
      attempts(
        direction,
        plan,
        plan[house],
        plan[`${house}At`].flatMap(([protocol, port]) => [
          [protocol, port, passesThere] as const,
          [protocol, otherPort(protocol, port), passesElsewhere] as const,
        ]),
      ),
    );
  const passing: readonly ConformanceStep[] = [
    { title: 'passes before it accepts or denies', change: swapped(name, directions, 0, 2), probes: open(true) },
    { title: 'passes at ports before it denies', change: swapped(name, directions, 3, 4), probes: atPorts('denied', true, true) },
  ];
  return [
    { title: 'accepts before it denies', probes: open(true) },
    { title: 'accepts at ports before it denies', probes: atPorts('allowed', true, false) },
    { title: 'denies before it accepts', change: swapped(name, directions, 0, 1), probes: open(false) },
    { title: 'denies at ports', probes: atPorts('denied', false, true) },
    ...(tier === 'Admin' ? passing : []),
  ];
}

const egressTcp: OrderPlan = {
  subject: 'gryffindor',
  open: 'ravenclaw',
  denied: 'slytherin',
  deniedAt: [['TCP', 80]],
  allowed: 'hufflepuff',
  allowedAt: [['TCP', 8080]],
};
const ingressTcp: OrderPlan = { ...egressTcp, allowedAt: [['TCP', 80]] };
const udp: OrderPlan = {
  subject: 'hufflepuff',
  open: 'ravenclaw',
  denied: 'slytherin',
  deniedAt: [['UDP', 5353]],
  allowed: 'gryffindor',
  allowedAt: [['UDP', 53]],
};
const sctp: OrderPlan = {
  subject: 'ravenclaw',
  open: 'gryffindor',
  denied: 'slytherin',
  deniedAt: [['SCTP', 9003]],
  allowed: 'hufflepuff',
  allowedAt: [['SCTP', 9003]],
};
const everyProtocol: OrderPlan['deniedAt'] = [
  ['TCP', 80],
  ['UDP', 53],
  ['SCTP', 9003],
];
const gress = (allowedTcp: number): OrderPlan => ({
  ...egressTcp,
  deniedAt: everyProtocol,
  allowedAt: [
    ['TCP', allowedTcp],
    ['UDP', 5353],
    ['SCTP', 9003],
  ],
});

function orderCase(suffix: string, tier: Tier, plans: Partial<Readonly<Record<Direction, OrderPlan>>>): ConformanceCase {
  const name = tier === 'Admin' ? `order-of-${suffix.toLowerCase()}` : 'default';
  const { subject } = plans.ingress ?? plans.egress ?? egressTcp;
  const rules = Object.fromEntries(
    (Object.entries(plans) as [Direction, OrderPlan][]).map(([direction, plan]) => [direction, orderedRules(tier, direction, plan)]),
  );
  return {
    name: `CNP${tier}Tier${suffix}`,
    objects: [policy(name, tier, 10, { subject: byName(subject), ...rules })],
    steps: orderSteps(name, tier, plans),
  };
}

const orderCases: readonly ConformanceCase[] = (['Admin', 'Baseline'] as const).flatMap((tier) => [
  orderCase('IngressTCP', tier, { ingress: ingressTcp }),
  orderCase('IngressUDP', tier, { ingress: udp }),
  orderCase('IngressSCTP', tier, { ingress: sctp }),
  orderCase('EgressTCP', tier, { egress: egressTcp }),
  orderCase('EgressUDP', tier, { egress: udp }),
  orderCase('EgressSCTP', tier, { egress: sctp }),
  orderCase('Gress', tier, { egress: gress(8080), ingress: gress(80) }),
]);

/** A named port instead of the ports of the rule that accepts. */
function namedPortCase(suffix: 'IngressNamedPort' | 'EgressNamedPort', tier: Tier): ConformanceCase {
  const isIngress = suffix === 'IngressNamedPort';
  const [direction, plan] = isIngress ? (['ingress', udp] as const) : (['egress', egressTcp] as const);
  const [protocol, port, portName] = isIngress ? (['UDP', 53, 'dns'] as const) : (['TCP', 80, 'web'] as const);
  const place = tier === 'Admin' ? 5 : 3;
  const merge = (spec: JsonObject): JsonObject => {
    const rules = spec[direction] as JsonObject[];
    const named = { ...rules[place], protocols: [{ destinationNamedPort: portName }] };
    return { [direction]: rules.map((each, i) => (i === place ? named : each)) };
  };
  return {
    name: `CNP${tier}Tier${suffix}`,
    objects: [policy('default', tier, 10, { subject: byName(plan.subject), [direction]: orderedRules(tier, direction, plan) })],
    steps: [
      {
        title: 'accepts at the port of that name',
        change: { policy: 'default', merge },
        probes: attempts(direction, plan, plan.allowed, [
          [protocol, port, true],
          [protocol, otherPort(protocol, port), false],
        ]),
      },
    ],
  };
}

const toHouse = (house: House, number: number, passes: boolean): ConformanceProbe[] =>
  everyProtocol.map(([protocol, port]) => ({ from: ['gryffindor', 1], to: [house, number], protocol, port, passes }));

function blockCase(tier: Tier): ConformanceCase {
  const subject = tier === 'Admin' ? podsOf('gryffindor') : byName('gryffindor');
  const egress = [rule('egress', 'Accept', [podsOf('slytherin')]), rule('egress', 'Deny', [everything])];
  const merge: Extract<ConformanceChange, { policy: string }>['merge'] = (spec, addressOf) => {
    const networks = (['ravenclaw', 'hufflepuff'] as const).map((house) => addressOf([house, 0])).map((text) => `${text}/32`);
    return { egress: [rule('egress', 'Accept', [{ networks }]), ...(spec['egress'] as object[])] };
  };
  return {
    name: `CNP${tier}TierEgressInlineCIDRPeers`,
    objects: [policy('blocks', tier, 85, { subject, egress })],
    steps: [
      {
        title: 'denies blocks',
        probes: [...toHouse('ravenclaw', 0, false), ...toHouse('hufflepuff', 0, false), ...toHouse('slytherin', 0, true)],
      },
      {
        title: 'accepts blocks of single pods',
        change: { policy: 'blocks', merge },
        probes: [
          ...toHouse('ravenclaw', 0, true),
          ...toHouse('hufflepuff', 0, true),
          ...toHouse('ravenclaw', 1, false),
          ...toHouse('hufflepuff', 1, false),
        ],
      },
    ],
  };
}

/** Host ports of the pods on the nodes' network. */
const hostTcp = [34_345, 34_346] as const;
const hostUdp = [34_347, 34_348] as const;
const hostSctp = 34_349;

function nodeCase(tier: Tier): ConformanceCase {
  const isAdmin = tier === 'Admin';
  const accepted = isAdmin ? at('TCP', hostTcp[0]) : { tcp: { destinationPort: { range: { start: hostTcp[0], end: hostTcp[1] } } } };
  const egress = [
    rule('egress', 'Accept', [linuxNodes], [accepted]),
    ...(isAdmin ? [rule('egress', 'Pass', [linuxNodes], [at('UDP', hostUdp[0])])] : []),
    rule('egress', 'Deny', [...(isAdmin ? [podsOf('slytherin')] : []), linuxNodes, everything]),
  ];
  const toNode = (protocol: Protocol, port: number, passes: boolean): ConformanceProbe => ({
    from: ['gryffindor', 1],
    to: ['forbidden-forrest', 1],
    protocol,
    port,
    passes,
  });
  return {
    name: `CNP${tier}TierEgressNodePeers`,
    objects: [policy('nodes', tier, 75, { subject: isAdmin ? podsOf('gryffindor') : byName('gryffindor'), egress })],
    steps: [
      {
        title: 'accepts, passes and denies nodes',
        probes: [
          toNode('TCP', hostTcp[0], true),
          toNode('TCP', hostTcp[1], !isAdmin),
          toNode('UDP', hostUdp[0], isAdmin),
          toNode('UDP', hostUdp[1], false),
          toNode('SCTP', hostSctp, false),
        ],
      },
    ],
  };
}

const bothWays = (passes: boolean): ConformanceProbe[] => [...fromSlytherin(passes), ...toSlytherin(passes)];
const fromSlytherin = (passes: boolean): ConformanceProbe[] =>
  served.TCP.map((port, i) => ({ from: ['slytherin', i], to: ['gryffindor', 0], protocol: 'TCP', port, passes }));
const toSlytherin = (passes: boolean): ConformanceProbe[] =>
  served.TCP.map((port, i) => ({ from: ['gryffindor', i], to: ['slytherin', 0], protocol: 'TCP', port, passes }));

/** A policy about all traffic between two houses. */
function aboutSlytherin(name: string, tier: Tier, priority: number, action: string, subject: object): KubeObject {
  const [ingress, egress] = (['ingress', 'egress'] as const).map((direction) => [rule(direction, action, [podsOf('slytherin')])]);
  return policy(name, tier, priority, { subject, ingress, egress });
}

const passed = (direction: Direction): ConformanceChange => ({
  policy: 'before',
  merge: () => ({ [direction]: [rule(direction, 'Pass', [podsOf('slytherin')])] }),
});

const integrationCase: ConformanceCase = {
  name: 'CNPAdminTierIntegration',
  objects: [
    aboutSlytherin('before', 'Admin', 10, 'Deny', byName('gryffindor')),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'slytherin-both-ways', namespace: namespaceOfHouse('gryffindor') },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ namespaceSelector: labelled('slytherin') }] }],
        egress: [{ to: [{ namespaceSelector: labelled('slytherin') }] }],
      },
    } as KubeObject,
    aboutSlytherin('behind', 'Baseline', 10, 'Deny', byName('gryffindor')),
  ],
  steps: [
    { title: 'denies both ways in the Admin tier', probes: bothWays(false) },
    { title: 'passes ingress on to a NetworkPolicy', change: passed('ingress'), probes: fromSlytherin(true) },
    { title: 'passes egress on to a NetworkPolicy', change: passed('egress'), probes: toSlytherin(true) },
    {
      title: 'passes both ways on to the Baseline tier',
      change: { removedNetworkPolicy: 'slytherin-both-ways', house: 'gryffindor' },
      probes: bothWays(false),
    },
  ],
};

const priorityCase: ConformanceCase = {
  name: 'CNPAdminTierPriorityField',
  objects: [
    aboutSlytherin('priority-50', 'Admin', 50, 'Deny', podsOf('gryffindor')),
    aboutSlytherin('priority-60-then-40', 'Admin', 60, 'Pass', podsOf('gryffindor')),
    aboutSlytherin('behind', 'Baseline', 10, 'Accept', podsOf('gryffindor')),
  ],
  steps: [
    { title: 'denies by the policy of the lower value', probes: bothWays(false) },
    {
      title: 'passes by the one that has the lower value then',
      change: { policy: 'priority-60-then-40', merge: () => ({ priority: 40 }) },
      probes: bothWays(true),
    },
  ],
};

/** All 24. */
export const administratorCases: readonly ConformanceCase[] = [
  ...orderCases,
  ...(['Admin', 'Baseline'] as const).flatMap((tier) => [
    blockCase(tier),
    namedPortCase('IngressNamedPort', tier),
    namedPortCase('EgressNamedPort', tier),
    nodeCase(tier),
  ]),
  integrationCase,
  priorityCase,
];
