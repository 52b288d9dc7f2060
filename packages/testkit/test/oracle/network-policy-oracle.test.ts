import type { NetworkPolicySpec, Pod } from '@weir/kube';
import { type FlowEnd, type FlowProtocol, judgeFlow, netpolEnd, netpolPolicy, netpolWorld, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const address = (text: string): FlowEnd => ({ kind: 'address', address: text });
const outside = address('203.0.113.10');

interface Row {
  readonly name: string;
  readonly spec: NetworkPolicySpec;
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly protocol?: FlowProtocol;
  readonly port?: number;
  readonly allowed: boolean;
}

/** Judges one flow under one policy in namespace x, on port 80/TCP unless said otherwise. */
function judge({ spec, source, destination, protocol = 'TCP', port = 80 }: Omit<Row, 'allowed' | 'name'>, world?: World): boolean {
  const base = world ?? netpolWorld({ policies: [] });
  const policies = [netpolPolicy('x', 'p', spec)];
  return judgeFlow({ ...base, networkPolicies: policies }, { source, destination, protocol, ...(protocol === 'ICMP' ? {} : { port }) })
    .allowed;
}

const xa = netpolEnd('x/a');
const yb = netpolEnd('y/b');
const fromAnywhere = { podSelector: {}, policyTypes: ['Ingress'] } as const;
const toAnywhere = { podSelector: {}, policyTypes: ['Egress'] } as const;

const rows: readonly Row[] = [
  {
    name: 'an empty namespaceSelector never matches an address outside',
    spec: { ...fromAnywhere, ingress: [{ from: [{ namespaceSelector: {} }] }] },
    source: outside,
    destination: xa,
    allowed: false,
  },
  {
    name: 'a negation-only namespaceSelector never matches an address outside',
    spec: { ...fromAnywhere, ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'k', operator: 'DoesNotExist' }] } }] }] },
    source: outside,
    destination: xa,
    allowed: false,
  },
  {
    name: 'a rule without peers matches an address outside',
    spec: { ...fromAnywhere, ingress: [{}] },
    source: outside,
    destination: xa,
    allowed: true,
  },
  {
    name: 'an empty list of peers is as good as none',
    spec: { ...fromAnywhere, ingress: [{ from: [] }] },
    source: outside,
    destination: xa,
    allowed: true,
  },
  {
    name: 'an empty list of ports is as good as none',
    spec: { ...fromAnywhere, ingress: [{ ports: [] }] },
    source: yb,
    destination: xa,
    allowed: true,
  },
  {
    name: 'an ipBlock /0 matches pods too',
    spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
    source: yb,
    destination: xa,
    allowed: true,
  },
  {
    name: 'an IPv6 /0 matches no IPv4 address',
    spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '::/0' } }] }] },
    source: outside,
    destination: xa,
    allowed: false,
  },
  {
    name: 'host bits of a block mean nothing',
    spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.200/24' } }] }] },
    source: outside,
    destination: xa,
    allowed: true,
  },
  {
    name: 'host bits of a hole mean nothing',
    spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.15/28'] } }] }] },
    source: outside,
    destination: xa,
    allowed: false,
  },
  {
    name: 'a hole takes nothing out of another block',
    spec: {
      ...fromAnywhere,
      ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.10/32'] } }, { ipBlock: { cidr: '203.0.113.0/25' } }] }],
    },
    source: outside,
    destination: xa,
    allowed: true,
  },
  {
    name: 'without policyTypes and egress rules egress stays open',
    spec: { podSelector: {}, egress: [] },
    source: xa,
    destination: yb,
    allowed: true,
  },
  {
    name: 'without policyTypes but with egress rules egress is isolated',
    spec: { podSelector: {}, egress: [{ ports: [{ port: 81 }] }] },
    source: xa,
    destination: yb,
    allowed: false,
  },
  {
    name: 'without policyTypes ingress is isolated even when only egress rules are given',
    spec: { podSelector: {}, egress: [{}] },
    source: yb,
    destination: xa,
    allowed: false,
  },
  { name: 'an empty policyTypes is defaulted', spec: { podSelector: {}, policyTypes: [] }, source: yb, destination: xa, allowed: false },
  {
    name: 'egress rules do nothing when policyTypes leaves Egress out',
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}], egress: [] },
    source: xa,
    destination: yb,
    allowed: true,
  },
  { name: 'an absent podSelector selects all pods of the namespace', spec: {}, source: yb, destination: xa, allowed: false },
  { name: 'a policy selects no pod of another namespace', spec: { podSelector: {} }, source: xa, destination: yb, allowed: true },
  {
    name: 'endPort is inside the range',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ port: 79, endPort: 80 }] }] },
    source: yb,
    destination: xa,
    allowed: true,
  },
  {
    name: 'a port is inside its range',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ port: 80, endPort: 90 }] }] },
    source: yb,
    destination: xa,
    allowed: true,
  },
  {
    name: 'one beyond endPort is outside',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ port: 70, endPort: 79 }] }] },
    source: yb,
    destination: xa,
    allowed: false,
  },
  {
    name: 'a port without protocol is TCP',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ port: 80 }] }] },
    source: yb,
    destination: xa,
    protocol: 'UDP',
    allowed: false,
  },
  {
    name: 'a port name asks for its protocol too',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ protocol: 'UDP', port: 'serve-80-tcp' }] }] },
    source: yb,
    destination: xa,
    protocol: 'UDP',
    allowed: false,
  },
  {
    name: 'a port name is the destination pod’s',
    spec: { ...toAnywhere, egress: [{ ports: [{ port: 'serve-80-tcp' }] }] },
    source: xa,
    destination: yb,
    allowed: true,
  },
  {
    name: 'no address outside has a port name',
    spec: { ...toAnywhere, egress: [{ ports: [{ port: 'serve-80-tcp' }] }] },
    source: xa,
    destination: outside,
    allowed: false,
  },
  {
    name: 'a rule with ports lets no ICMP through',
    spec: { ...fromAnywhere, ingress: [{ ports: [{ protocol: 'TCP' }, { protocol: 'UDP' }, { protocol: 'SCTP' }] }] },
    source: yb,
    destination: xa,
    protocol: 'ICMP',
    allowed: false,
  },
  {
    name: 'a rule without ports lets ICMP through',
    spec: { ...fromAnywhere, ingress: [{}] },
    source: yb,
    destination: xa,
    protocol: 'ICMP',
    allowed: true,
  },
  {
    name: 'a pod reaches itself whatever isolates it',
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    source: xa,
    destination: xa,
    allowed: true,
  },
  { name: 'the own node reaches the pod', spec: { podSelector: {} }, source: address('10.224.0.5'), destination: xa, allowed: true },
  { name: 'another node does not', spec: { podSelector: {} }, source: address('10.224.0.4'), destination: xa, allowed: false },
  {
    name: 'a pod reaches its node only by a rule',
    spec: { ...toAnywhere },
    source: xa,
    destination: address('10.224.0.5'),
    allowed: false,
  },
  {
    name: 'an address that a pod has is the pod',
    spec: { ...fromAnywhere, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }] },
    source: address('10.224.1.14'),
    destination: xa,
    allowed: true,
  },
];

describe('the oracle follows the specification', () => {
  it.each(rows)('$name', (row) => {
    expect(judge(row)).toBe(row.allowed);
  });
});

function changed(world: World, pod: string, change: (pod: Pod) => Pod): World {
  return { ...world, pods: world.pods.map((each) => (each.metadata.uid === pod ? change(each) : each)) };
}

describe('pods that selectors do not yield', () => {
  const world = netpolWorld({ policies: [] });
  const everyPod: NetworkPolicySpec = { ...fromAnywhere, ingress: [{ from: [{ namespaceSelector: {} }] }] };
  const onHost = changed(world, 'y/b', (pod) => ({
    ...pod,
    spec: { ...pod.spec, containers: [], hostNetwork: true, nodeName: 'node-0' },
    status: { phase: 'Running', hostIP: '10.224.0.4', podIP: '10.224.0.4', podIPs: [{ ip: '10.224.0.4' }] },
  }));

  it('a hostNetwork pod matches no selector', () => {
    expect(judge({ spec: everyPod, source: yb, destination: xa }, onHost)).toBe(false);
  });

  it('a hostNetwork pod matches an ipBlock with its node’s address', () => {
    const spec = { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '10.224.0.4/32' } }] }] };
    expect(judge({ spec, source: yb, destination: xa }, onHost)).toBe(true);
  });

  it('a hostNetwork pod is isolated by nothing', () => {
    const policies = [netpolPolicy('y', 'deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })];
    const flow = { source: netpolEnd('z/a'), destination: yb, protocol: 'TCP', port: 80 } as const;
    expect(judgeFlow({ ...onHost, networkPolicies: policies }, flow).allowed).toBe(true);
  });

  it('the address of a finished pod is nobody’s', () => {
    const finished = changed(world, 'y/b', (pod) => ({ ...pod, status: { ...pod.status, phase: 'Succeeded' } }));
    expect(judge({ spec: everyPod, source: yb, destination: xa }, finished)).toBe(false);
  });

  it('the heir of a finished pod’s address is judged by its own labels', () => {
    const finished = changed(world, 'y/b', (pod) => ({ ...pod, status: { ...pod.status, phase: 'Failed' } }));
    const heir = changed(finished, 'z/c', (pod) => ({
      ...pod,
      status: { ...pod.status, podIP: '10.224.1.14', podIPs: [{ ip: '10.224.1.14' }] },
    }));
    const onlyY = {
      ...fromAnywhere,
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'y' } } }] }],
    };
    expect(judge({ spec: onlyY, source: yb, destination: xa }, heir)).toBe(false);
    expect(judge({ spec: everyPod, source: yb, destination: xa }, heir)).toBe(true);
  });
});

describe('named ports of init containers', () => {
  const spec: NetworkPolicySpec = { ...fromAnywhere, ingress: [{ ports: [{ port: 'proxy' }] }] };
  const withInit = (restartPolicy?: string): World =>
    changed(netpolWorld({ policies: [] }), 'x/a', (pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        containers: [],
        initContainers: [
          { name: 'i', ports: [{ name: 'proxy', containerPort: 80 }], ...(restartPolicy === undefined ? {} : { restartPolicy }) },
        ],
      },
    }));

  it('a sidecar’s port name counts', () => {
    expect(judge({ spec, source: yb, destination: xa }, withInit('Always'))).toBe(true);
  });

  it('an ordinary init container’s port name does not', () => {
    expect(judge({ spec, source: yb, destination: xa }, withInit())).toBe(false);
  });
});

describe('dual-stack pods', () => {
  const world = changed(netpolWorld({ policies: [] }), 'y/b', (pod) => ({
    ...pod,
    status: { ...pod.status, podIPs: [{ ip: '10.224.1.14' }, { ip: 'fd00::14' }] },
  }));
  const dual = changed(world, 'x/a', (pod) => ({
    ...pod,
    status: { ...pod.status, podIPs: [{ ip: '10.224.1.10' }, { ip: 'FD00:0:0::10' }] },
  }));
  const flow = { source: { ...yb, family: 6 }, destination: { ...xa, family: 6 } } as { source: FlowEnd; destination: FlowEnd };

  it('selectors match on both families', () => {
    expect(judge({ spec: { ...fromAnywhere, ingress: [{ from: [{ namespaceSelector: {} }] }] }, ...flow }, dual)).toBe(true);
  });

  it('a block of one family says nothing of the other', () => {
    expect(judge({ spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }, ...flow }, dual)).toBe(false);
    expect(
      judge(
        { spec: { ...fromAnywhere, ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8', except: ['fd00::15/128'] } }] }] }, ...flow },
        dual,
      ),
    ).toBe(true);
  });
});
