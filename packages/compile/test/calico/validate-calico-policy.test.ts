import { formatFieldError } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { type CalicoPolicy, type CalicoRule, type CalicoTier, validateCalicoPolicy, validateCalicoTier } from '../../src/index.ts';

type Spec = Record<string, unknown>;

function errorsOf(kind: CalicoPolicy['kind'], spec: Spec, name = 'p'): string[] {
  const namespace = kind.includes('Global') ? {} : { namespace: 'n' };
  const policy = { apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...namespace }, spec } as CalicoPolicy;
  return validateCalicoPolicy(policy).map(formatFieldError);
}

const ingress = (rule: Omit<CalicoRule, 'action'> & { action?: string }): string[] =>
  errorsOf('NetworkPolicy', { ingress: [{ action: 'Allow', ...rule }] });
const egress = (rule: Omit<CalicoRule, 'action'> & { action?: string }): string[] =>
  errorsOf('NetworkPolicy', { egress: [{ action: 'Allow', ...rule }] });

describe('a Calico policy is valid', () => {
  it.each<[string, string[]]>([
    ['without anything in it', errorsOf('NetworkPolicy', {})],
    ['with ports of a protocol by any case of letters', ingress({ protocol: 'udp', destination: { ports: [53, '60:70', 'dns'] } })],
    ['with ports of a protocol by its number', ingress({ protocol: 132, destination: { ports: [9] } })],
    ['with named ports and no protocol', ingress({ destination: { ports: ['http'] } })],
    ['with ICMP of a type', ingress({ protocol: 'ICMP', icmp: { type: 8, code: 0 } })],
    ['with a bare address as a block', ingress({ source: { nets: ['10.0.0.1', '10.0.0.0/24'] } })],
    ['with global() as a namespace selector', ingress({ source: { namespaceSelector: 'global()', selector: 'has(a)' } })],
    ['with a service as the source of ingress', ingress({ source: { services: { name: 's' } } })],
    ['with a service as the destination of egress', egress({ destination: { services: { name: 's', namespace: 'x' } } })],
    ['with HTTP on ingress', ingress({ protocol: 'TCP', http: { methods: ['GET'], paths: [{ prefix: '/a' }] } })],
    ['with its tier before its name', errorsOf('NetworkPolicy', { tier: 'sec' }, 'sec.p')],
    ['with the name of a Kubernetes policy', errorsOf('NetworkPolicy', {}, 'knp.default.a.b')],
    ['when staged for deletion with its tier alone', errorsOf('StagedNetworkPolicy', { stagedAction: 'Delete', tier: 'sec' })],
    [
      'before NAT and applied on forward',
      errorsOf('GlobalNetworkPolicy', { preDNAT: true, applyOnForward: true, ingress: [{ action: 'Deny' }] }),
    ],
  ])('%s', (_name, errors) => {
    expect(errors).toEqual([]);
  });
});

describe('a Calico policy is refused', () => {
  it.each<[string, string[], string]>([
    [
      'an action of no such name',
      ingress({ action: 'allow' }),
      'spec.ingress[0].action: Unsupported value: "allow": supported values: "Allow", "Deny", "Log", "Pass"',
    ],
    [
      'numbers of ports without a protocol',
      ingress({ destination: { ports: [80] } }),
      'spec.ingress[0].destination.ports: Forbidden: rules with numeric port or port range must set protocol to TCP or UDP or SCTP',
    ],
    [
      'ports of a protocol that has none',
      ingress({ protocol: 'ICMP', destination: { ports: [80] } }),
      'spec.ingress[0].destination.ports: Forbidden: rules that specify ports must set protocol to TCP or UDP or SCTP',
    ],
    [
      'port 0',
      ingress({ protocol: 'TCP', destination: { ports: [0] } }),
      'spec.ingress[0].destination.ports[0]: Invalid value: 0: must be a number from 1 to 65535, a range first:last, or the name of a port',
    ],
    [
      'a range that goes down',
      ingress({ protocol: 'TCP', source: { notPorts: ['9:8'] } }),
      'spec.ingress[0].source.notPorts[0]: Invalid value: "9:8": must be a number from 1 to 65535, a range first:last, or the name of a port',
    ],
    [
      'a protocol of no such name',
      ingress({ protocol: 'GRE' }),
      'spec.ingress[0].protocol: Invalid value: "GRE": must be TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite, or a number from 1 to 255',
    ],
    [
      'blocks of both families',
      ingress({ source: { nets: ['10.0.0.0/8'] }, destination: { nets: ['fd00::/8'] } }),
      'spec.ingress[0]: Forbidden: rule contains both IPv4 and IPv6 CIDRs',
    ],
    [
      'blocks of another family than the rule',
      ingress({ ipVersion: 6, source: { nets: ['10.0.0.0/8'] } }),
      'spec.ingress[0].ipVersion: Invalid value: 6: rule contains an IPv4 CIDR',
    ],
    [
      'a block with bits behind its prefix',
      ingress({ source: { nets: ['10.0.0.1/8'] } }),
      'spec.ingress[0].source.nets[0]: Invalid value: "10.0.0.1/8": must be an address, or a CIDR without bits behind its prefix',
    ],
    [
      'everything left out',
      ingress({ source: { notNets: ['0.0.0.0/0'] } }),
      'spec.ingress[0].source.notNets[0]: Invalid value: "0.0.0.0/0": catch-all CIDR in negation creates logical contradiction (matches no traffic)',
    ],
    [
      'a selector with a mistake',
      ingress({ source: { selector: 'b == b' } }),
      'spec.ingress[0].source.selector: Invalid value: "b == b": expected string (at 5)',
    ],
    [
      'global() beside other things',
      ingress({ source: { namespaceSelector: 'global() || has(a)' } }),
      'spec.ingress[0].source.namespaceSelector: Invalid value: "global() || has(a)": global() must stand alone',
    ],
    [
      'global() among endpoints',
      errorsOf('NetworkPolicy', { selector: 'global()' }),
      'spec.selector: Invalid value: "global()": global() can only be used in an EntityRule namespaceSelector',
    ],
    ['HTTP on egress', egress({ http: { methods: ['GET'] } }), 'spec.egress[0].http: Forbidden: HTTP rules are for ingress only'],
    ['HTTP that denies', ingress({ action: 'Deny', http: {} }), 'spec.ingress[0].http: Forbidden: HTTP rules must have action Allow'],
    ['HTTP over UDP', ingress({ protocol: 'UDP', http: {} }), 'spec.ingress[0].http: Forbidden: HTTP rules must have protocol TCP'],
    [
      'ICMP without its protocol',
      ingress({ icmp: { type: 8 } }),
      'spec.ingress[0].icmp: Forbidden: ICMP fields need protocol ICMP or ICMPv6',
    ],
    [
      'a code of ICMP without a type',
      ingress({ protocol: 'ICMP', icmp: { code: 0 } }),
      'spec.ingress[0].icmp.type: Required value: ICMP code specified without an ICMP type',
    ],
    [
      'ICMP over IPv6',
      ingress({ protocol: 'ICMP', ipVersion: 6 }),
      'spec.ingress[0].protocol: Invalid value: "ICMP": protocol ICMP must be used with ipVersion 4',
    ],
    [
      'a service as the destination of ingress',
      ingress({ destination: { services: { name: 's' } } }),
      'spec.ingress[0].destination.services: Forbidden: services can only be the source of ingress rules and the destination of egress rules',
    ],
    [
      'a service and a selector',
      ingress({ source: { services: { name: 's' }, selector: 'all()' } }),
      'spec.ingress[0].source.selector: Forbidden: cannot be combined with services',
    ],
    [
      'a service and ports',
      egress({ protocol: 'TCP', destination: { services: { name: 's' }, ports: [1] } }),
      'spec.egress[0].destination.ports: Forbidden: cannot be combined with services',
    ],
    [
      'a service without a namespace for the cluster',
      errorsOf('GlobalNetworkPolicy', { egress: [{ action: 'Allow', destination: { services: { name: 's' } } }] }),
      'spec.egress[0].destination.services.namespace: Required value: must specify a namespace',
    ],
    [
      'preDNAT that is not applied on forward',
      errorsOf('GlobalNetworkPolicy', { preDNAT: true }),
      'spec.applyOnForward: Invalid value: false: applyOnForward must be true if either preDNAT or doNotTrack is true',
    ],
    ['a type twice', errorsOf('NetworkPolicy', { types: ['Ingress', 'Ingress'] }), 'spec.types[1]: Duplicate value: "Ingress"'],
    [
      'a name in capitals',
      errorsOf('NetworkPolicy', {}, 'Bad'),
      'metadata.name: Invalid value: "Bad": must be a label of lower case letters, digits and dashes, with that of its tier and a dot before it at most',
    ],
    [
      'a deletion with rules',
      errorsOf('StagedNetworkPolicy', { stagedAction: 'Delete', ingress: [] }),
      'spec: Forbidden: a policy that is staged for deletion has no other fields than its tier, and this one has ingress',
    ],
  ])('for %s', (_name, errors, expected) => {
    expect(errors).toEqual([expected]);
  });

  it('with every mistake of a policy before NAT that has egress and is not tracked', () => {
    const errors = errorsOf('GlobalNetworkPolicy', {
      preDNAT: true,
      doNotTrack: true,
      applyOnForward: true,
      egress: [{ action: 'Allow' }],
    });
    expect(errors).toEqual([
      'spec.preDNAT: Forbidden: preDNAT and doNotTrack cannot both be true',
      'spec.egress: Forbidden: preDNAT policy cannot have any egress rules',
      "spec.types: Forbidden: preDNAT policy cannot have 'Egress' type",
    ]);
  });
});

describe('a tier', () => {
  const errors = (name: string, spec: CalicoTier['spec']): string[] =>
    validateCalicoTier({ apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name }, spec }).map(formatFieldError);

  it.each<[string, CalicoTier['spec'], string[]]>([
    ['sec', { order: 1.5 }, []],
    ['sec', { defaultAction: 'Pass' }, []],
    ['default', { order: 1_000_000, defaultAction: 'Deny' }, []],
    ['kube-admin', { order: 1_000, defaultAction: 'Pass' }, []],
    ['a.b', {}, ['metadata.name: Invalid value: "a.b": must be a label of lower case letters, digits and dashes, at most 63 of them']],
    ['default', { order: 5 }, ['spec.order: Invalid value: 5: the default tier must have order 1000000']],
    ['default', { defaultAction: 'Pass' }, [`spec.defaultAction: Invalid value: "Pass": the default tier must have default action 'Deny'`]],
    [
      'kube-baseline',
      { order: 10_000_000 },
      [`spec.defaultAction: Invalid value: "Deny": the kube-baseline tier must have default action 'Pass'`],
    ],
  ])('%s with %j has the errors %j', (name, spec, expected) => {
    expect(errors(name, spec)).toEqual(expected);
  });
});
