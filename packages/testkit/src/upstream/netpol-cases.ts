/**
 * The connectivity tests of the upstream e2e suite `[sig-network] Netpol`, as data: what is
 * applied and which pairs of pods must then reach each other. Names are the suite's; the
 * expectations are written down by hand, not computed.
 */
import type { LabelSelector, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import { type NetpolState, netpolAddress, netpolPolicy as policy } from './netpol-world.ts';

/** What is probed on every ordered pair of different pods, and which pairs get through. */
export interface NetpolProbe {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  /** Whether the source (`namespace/name`) reaches the destination. */
  readonly reaches: (source: string, destination: string) => boolean;
}

/** One test: states one after the other, each with its probes. */
export interface NetpolCase {
  readonly name: string;
  readonly steps: readonly { readonly state: NetpolState; readonly probes: readonly NetpolProbe[] }[];
}

const namespaceOf = (pod: string): string => pod.split('/')[0] ?? '';
const always = (): boolean => true;

function tcp(port: number, reaches: NetpolProbe['reaches']): NetpolProbe {
  return { protocol: 'TCP', port, reaches };
}

/** Only the sources reach x/a; everything else is open. */
function intoXA(from: (source: string) => boolean): NetpolProbe['reaches'] {
  return (source, destination) => destination !== 'x/a' || from(source);
}

/** x/a reaches only the destinations; everything else is open. */
function outOfXA(to: (destination: string) => boolean): NetpolProbe['reaches'] {
  return (source, destination) => source !== 'x/a' || to(destination);
}

function one(name: string, policies: NetpolState['policies'], ...probes: readonly NetpolProbe[]): NetpolCase {
  return { name, steps: [{ state: { policies }, probes }] };
}

const podA: LabelSelector = { matchLabels: { pod: 'a' } };
const podIn = (...values: string[]): LabelSelector => ({ matchExpressions: [{ key: 'pod', operator: 'In', values }] });
const namespaceNamed = (name: string): LabelSelector => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
const namespaceNotNamed = (name: string): LabelSelector => ({
  matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [name] }],
});
const denyIngress = policy('x', 'deny-ingress', { podSelector: {}, policyTypes: ['Ingress'], ingress: [] });
const allowIngress = policy('x', 'allow-ingress', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
const allowEgress = policy('x', 'allow-egress', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] });
const denyAll = policy('x', 'deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

function ingressToA(
  from: readonly NetworkPolicyPeer[] | undefined,
  ports?: readonly NetworkPolicyPort[],
  name = 'allow-a',
): ReturnType<typeof policy> {
  return policy('x', name, { podSelector: podA, policyTypes: ['Ingress'], ingress: [{ ...(from && { from }), ...(ports && { ports }) }] });
}

function egressFromA(
  to: readonly NetworkPolicyPeer[] | undefined,
  ports?: readonly NetworkPolicyPort[],
  name = 'allow-egress-a',
): ReturnType<typeof policy> {
  return policy('x', name, { podSelector: podA, policyTypes: ['Egress'], egress: [{ ...(to && { to }), ...(ports && { ports }) }] });
}

const fromY = (source: string): boolean => namespaceOf(source) === 'y';
const yPeer: NetworkPolicyPeer = { namespaceSelector: namespaceNamed('y') };

const selectorCases: readonly NetpolCase[] = [
  one(
    "should support a 'default-deny-ingress' policy",
    [denyIngress],
    tcp(80, (_, to) => namespaceOf(to) !== 'x'),
  ),
  one(
    "should support a 'default-deny-all' policy",
    [denyAll],
    tcp(80, (from, to) => namespaceOf(from) !== 'x' && namespaceOf(to) !== 'x'),
  ),
  one(
    'should enforce policy to allow traffic from pods within server namespace based on PodSelector',
    [ingressToA([{ podSelector: { matchLabels: { pod: 'b' } } }])],
    tcp(
      80,
      intoXA((from) => from === 'x/b'),
    ),
  ),
  one(
    'should enforce policy to allow ingress traffic for a target',
    [denyIngress, ingressToA(undefined)],
    tcp(80, (_, to) => namespaceOf(to) !== 'x' || to === 'x/a'),
  ),
  one(
    'should enforce policy to allow ingress traffic from pods in all namespaces',
    [ingressToA([{ namespaceSelector: {} }])],
    tcp(80, always),
  ),
  one(
    'should enforce policy to allow traffic only from a different namespace, based on NamespaceSelector',
    [ingressToA([yPeer])],
    tcp(80, intoXA(fromY)),
  ),
  one(
    'should enforce policy based on PodSelector with MatchExpressions',
    [ingressToA([{ podSelector: podIn('b') }])],
    tcp(
      80,
      intoXA((from) => from === 'x/b'),
    ),
  ),
  one(
    'should enforce policy based on NamespaceSelector with MatchExpressions',
    [ingressToA([{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['y'] }] } }])],
    tcp(80, intoXA(fromY)),
  ),
  one(
    'should enforce policy based on PodSelector or NamespaceSelector',
    [ingressToA([{ namespaceSelector: namespaceNotNamed('x') }, { podSelector: podIn('b') }])],
    tcp(
      80,
      intoXA((from) => from !== 'x/c'),
    ),
  ),
  one(
    'should enforce policy based on PodSelector and NamespaceSelector',
    [ingressToA([{ namespaceSelector: namespaceNotNamed('x'), podSelector: podIn('b') }])],
    tcp(
      80,
      intoXA((from) => from === 'y/b' || from === 'z/b'),
    ),
  ),
  one(
    'should enforce policy based on Multiple PodSelectors and NamespaceSelectors',
    [ingressToA([{ namespaceSelector: namespaceNotNamed('x'), podSelector: podIn('b', 'c') }])],
    tcp(
      80,
      intoXA((from) => ['y/b', 'y/c', 'z/b', 'z/c'].includes(from)),
    ),
  ),
  one(
    'should enforce policy based on any PodSelectors',
    [ingressToA([{ podSelector: podIn('b') }, { podSelector: podIn('c') }])],
    tcp(
      80,
      intoXA((from) => from === 'x/b' || from === 'x/c'),
    ),
  ),
  one(
    'should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector',
    [ingressToA([{ ...yPeer, podSelector: podA }])],
    tcp(
      80,
      intoXA((from) => from === 'y/a'),
    ),
  ),
  one(
    'should deny ingress from pods on other namespaces',
    [policy('x', 'same-namespace', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] })],
    tcp(80, (from, to) => namespaceOf(to) !== 'x' || namespaceOf(from) === 'x'),
  ),
  one(
    'should enforce policy to allow traffic based on NamespaceSelector with MatchLabels using default ns label',
    [ingressToA([yPeer])],
    tcp(80, intoXA(fromY)),
  ),
  one(
    'should enforce policy based on NamespaceSelector with MatchExpressions using default ns label',
    [egressFromA([{ namespaceSelector: namespaceNotNamed('y') }])],
    tcp(
      80,
      outOfXA((to) => namespaceOf(to) !== 'y'),
    ),
  ),
];

const portCases: readonly NetpolCase[] = [
  one(
    'should enforce policy based on Ports',
    [ingressToA([yPeer], [{ protocol: 'TCP', port: 81 }])],
    tcp(81, intoXA(fromY)),
    tcp(
      80,
      intoXA(() => false),
    ),
  ),
  {
    name: 'should enforce multiple, stacked policies with overlapping podSelectors',
    steps: [
      {
        state: { policies: [ingressToA([yPeer], [{ protocol: 'TCP', port: 81 }], 'allow-81')] },
        probes: [
          tcp(81, intoXA(fromY)),
          tcp(
            80,
            intoXA(() => false),
          ),
        ],
      },
      {
        state: {
          policies: [
            ingressToA([yPeer], [{ protocol: 'TCP', port: 81 }], 'allow-81'),
            ingressToA([yPeer], [{ protocol: 'TCP', port: 80 }], 'allow-80'),
          ],
        },
        probes: [tcp(81, intoXA(fromY)), tcp(80, intoXA(fromY))],
      },
    ],
  },
  one('should support allow-all policy', [allowIngress], tcp(80, always), tcp(81, always)),
  one(
    'should allow ingress access on one named port',
    [ingressToA(undefined, [{ port: 'serve-81-tcp' }])],
    tcp(81, always),
    tcp(
      80,
      intoXA(() => false),
    ),
    { protocol: 'UDP', port: 81, reaches: intoXA(() => false) },
  ),
  one(
    'should allow ingress access from namespace on one named port',
    [ingressToA([yPeer], [{ protocol: 'TCP', port: 'serve-80-tcp' }])],
    tcp(80, intoXA(fromY)),
    tcp(
      81,
      intoXA(() => false),
    ),
  ),
  one(
    'should allow egress access on one named port',
    [egressFromA(undefined, [{ protocol: 'TCP', port: 'serve-80-tcp' }])],
    tcp(80, always),
    tcp(
      81,
      outOfXA(() => false),
    ),
  ),
  one(
    'should work with Ingress, Egress specified together',
    [
      policy('x', 'together', {
        podSelector: podA,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { pod: 'b' } } }] }],
        egress: [{ ports: [{ port: 80 }] }],
      }),
    ],
    tcp(
      80,
      intoXA((from) => from === 'x/b'),
    ),
    tcp(81, (from, to) => from !== 'x/a' && (to !== 'x/a' || from === 'x/b')),
  ),
  one(
    'should enforce ingress policy allowing any port traffic to a server on a specific protocol',
    [ingressToA(undefined, [{ protocol: 'TCP' }])],
    tcp(80, always),
    tcp(81, always),
    { protocol: 'UDP', port: 80, reaches: intoXA(() => false) },
  ),
  one(
    "should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP', even if the plugin doesn't support SCTP",
    [denyIngress, ingressToA(undefined, [{ protocol: 'SCTP', port: 81 }])],
    tcp(81, (_, to) => namespaceOf(to) !== 'x'),
  ),
  one(
    "should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP",
    [ingressToA(undefined, [{ protocol: 'SCTP', port: 80 }])],
    tcp(
      80,
      intoXA(() => false),
    ),
    { protocol: 'SCTP', port: 80, reaches: always },
  ),
  one(
    'should not allow access by TCP when a policy specifies only UDP',
    [ingressToA([yPeer], [{ protocol: 'UDP', port: 81 }])],
    tcp(
      81,
      intoXA(() => false),
    ),
    { protocol: 'UDP', port: 81, reaches: intoXA(fromY) },
  ),
];

const egressCases: readonly NetpolCase[] = [
  one(
    'should deny egress from pods based on PodSelector',
    [policy('x', 'deny-egress-a', { podSelector: podA, policyTypes: ['Egress'] })],
    tcp(
      80,
      outOfXA(() => false),
    ),
  ),
  one(
    'should deny egress from all pods in a namespace',
    [policy('x', 'deny-egress', { podSelector: {}, policyTypes: ['Egress'] })],
    tcp(80, (from) => namespaceOf(from) !== 'x'),
  ),
  one(
    'should support denying of egress traffic on the client side (even if the server explicitly allows this traffic)',
    [
      egressFromA([{ ...yPeer, podSelector: podIn('a', 'b') }]),
      policy('y', 'allow-client-a', {
        podSelector: podA,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: namespaceNamed('x'), podSelector: podA }] }],
      }),
      policy('y', 'allow-client-c', {
        podSelector: podIn('c'),
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: namespaceNamed('x'), podSelector: podA }] }],
      }),
    ],
    tcp(80, (from, to) => (from === 'x/a' ? to === 'y/a' || to === 'y/b' : to !== 'y/a' && to !== 'y/c')),
  ),
  one(
    'should enforce egress policy allowing traffic to a server in a different namespace based on PodSelector and NamespaceSelector',
    [egressFromA([{ ...yPeer, podSelector: podA }])],
    tcp(
      80,
      outOfXA((to) => to === 'y/a'),
    ),
  ),
  one(
    'should enforce multiple ingress policies with ingress allow-all policy taking precedence',
    [ingressToA(undefined, [{ port: 80 }], 'allow-80'), allowIngress],
    tcp(81, always),
  ),
  one(
    'should enforce multiple egress policies with egress allow-all policy taking precedence',
    [egressFromA(undefined, [{ port: 80 }], 'allow-80'), allowEgress],
    tcp(81, always),
  ),
  one(
    'should allow egress access to server in CIDR block',
    [egressFromA([{ ipBlock: { cidr: `${netpolAddress('y/b')}/32` } }])],
    tcp(
      80,
      outOfXA((to) => to === 'y/b'),
    ),
  ),
  one(
    'should enforce except clause while egress access to server in CIDR block',
    [egressFromA([{ ipBlock: { cidr: `${netpolAddress('y/a')}/4`, except: [`${netpolAddress('y/a')}/32`] } }])],
    tcp(
      80,
      outOfXA((to) => to !== 'y/a'),
    ),
  ),
  {
    name: 'should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed',
    steps: [
      {
        state: { policies: [egressFromA([{ ipBlock: { cidr: `${netpolAddress('x/b')}/24`, except: [`${netpolAddress('x/b')}/32`] } }])] },
        probes: [
          tcp(
            80,
            outOfXA((to) => to !== 'x/b'),
          ),
        ],
      },
      {
        state: {
          policies: [
            egressFromA([
              { ipBlock: { cidr: `${netpolAddress('x/b')}/24`, except: [`${netpolAddress('x/b')}/32`] } },
              { ipBlock: { cidr: `${netpolAddress('x/b')}/32` } },
            ]),
          ],
        },
        probes: [tcp(80, always)],
      },
    ],
  },
  {
    name: 'should enforce policies to check ingress and egress policies can be controlled independently based on PodSelector',
    steps: [
      {
        state: {
          policies: [
            policy('x', 'deny-egress-a', { podSelector: podA, policyTypes: ['Egress'] }),
            policy('x', 'allow-ingress-a', { podSelector: podA, policyTypes: ['Ingress'], ingress: [{}] }),
          ],
        },
        probes: [
          tcp(
            80,
            outOfXA(() => false),
          ),
        ],
      },
      {
        state: {
          policies: [
            policy('x', 'allow-egress-a', { podSelector: podA, policyTypes: ['Egress'], egress: [{}] }),
            policy('x', 'deny-ingress-a', { podSelector: podA, policyTypes: ['Ingress'] }),
          ],
        },
        probes: [
          tcp(
            80,
            intoXA(() => false),
          ),
        ],
      },
    ],
  },
];

const updateCases: readonly NetpolCase[] = [
  {
    name: 'should enforce updated policy',
    steps: [
      { state: { policies: [allowIngress] }, probes: [tcp(81, always)] },
      { state: { policies: [denyIngress] }, probes: [tcp(81, (_, to) => namespaceOf(to) !== 'x')] },
    ],
  },
  {
    name: 'should allow ingress access from updated namespace',
    steps: [
      {
        state: { policies: [ingressToA([{ namespaceSelector: { matchLabels: { ns2: 'updated' } } }])] },
        probes: [
          tcp(
            80,
            intoXA(() => false),
          ),
        ],
      },
      {
        state: { policies: [ingressToA([{ namespaceSelector: { matchLabels: { ns2: 'updated' } } }])], labels: { y: { ns2: 'updated' } } },
        probes: [tcp(80, intoXA(fromY))],
      },
    ],
  },
  {
    name: 'should allow ingress access from updated pod',
    steps: [
      {
        state: { policies: [ingressToA([{ podSelector: { matchLabels: { pod2: 'updated' } } }])] },
        probes: [
          tcp(
            80,
            intoXA(() => false),
          ),
        ],
      },
      {
        state: { policies: [ingressToA([{ podSelector: { matchLabels: { pod2: 'updated' } } }])], labels: { 'x/b': { pod2: 'updated' } } },
        probes: [
          tcp(
            80,
            intoXA((from) => from === 'x/b'),
          ),
        ],
      },
    ],
  },
  {
    name: 'should deny ingress access to updated pod',
    steps: [
      { state: { policies: [isolateTarget()] }, probes: [tcp(80, always)] },
      {
        state: { policies: [isolateTarget()], labels: { 'x/a': { target: 'isolated' } } },
        probes: [
          tcp(
            80,
            intoXA(() => false),
          ),
        ],
      },
    ],
  },
  {
    name: 'should stop enforcing policies after they are deleted',
    steps: [
      { state: { policies: [denyAll] }, probes: [tcp(80, (from, to) => namespaceOf(from) !== 'x' && namespaceOf(to) !== 'x')] },
      { state: { policies: [] }, probes: [tcp(80, always)] },
    ],
  },
];

const otherProtocolCases: readonly NetpolCase[] = (['UDP', 'SCTP'] as const).flatMap((protocol) => [
  one(`should support a 'default-deny-ingress' policy using ${protocol}`, [denyIngress], {
    protocol,
    port: 80,
    reaches: (_: string, to: string) => namespaceOf(to) !== 'x',
  }),
  one(
    `should enforce policy based on Ports using ${protocol}`,
    [ingressToA([yPeer], [{ protocol, port: 81 }])],
    { protocol, port: 81, reaches: intoXA(fromY) },
    { protocol, port: 80, reaches: intoXA(() => false) },
    tcp(
      81,
      intoXA(() => false),
    ),
  ),
  one(
    `should enforce policy to allow traffic only from a pod in a different namespace based on PodSelector and NamespaceSelector using ${protocol}`,
    [ingressToA([{ ...yPeer, podSelector: podA }])],
    { protocol, port: 80, reaches: intoXA((from: string) => from === 'y/a') },
  ),
]);

/** All connectivity tests of the suite, in groups by what they are about. */
export const netpolCases: readonly NetpolCase[] = [...selectorCases, ...portCases, ...egressCases, ...updateCases, ...otherProtocolCases];

function isolateTarget(): ReturnType<typeof policy> {
  return policy('x', 'isolate-target', { podSelector: { matchLabels: { target: 'isolated' } }, policyTypes: ['Ingress'] });
}
