import { enforcementTarget } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { type CiliumPolicy, compileCiliumPolicy, type ReferredObjects } from '../../src/index.ts';

const nothing: ReferredObjects = { get: () => undefined, list: () => [] };

/** Each refusal as `field: message`. */
function refusals(spec: object | undefined, kind = 'CiliumNetworkPolicy', annotations: Record<string, string> = {}): string[] {
  const policy = {
    apiVersion: 'cilium.io/v2',
    kind,
    metadata: { name: 'p', namespace: 'n', annotations },
    ...(spec === undefined ? {} : { spec }),
  } as CiliumPolicy;
  const { policies, diagnostics } = compileCiliumPolicy(policy, nothing);
  if (diagnostics.length > 0) expect(policies).toEqual([]);
  return diagnostics.map(({ field, message }) => `${field}: ${message}`);
}

const selected = { endpointSelector: {} };
const ingress = (rule: object): object => ({ ...selected, ingress: [rule] });
const egress = (rule: object): object => ({ ...selected, egress: [rule] });
const toPorts = (rule: object): object => egress({ toPorts: [rule] });

describe('a policy of Cilium is refused as invalid', () => {
  it.each<[string, object | undefined, string]>([
    ['without a spec', undefined, 'spec: Required value: empty policy'],
    ['without a section', selected, 'spec: Forbidden: rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny'],
    ['without a selector', { ingress: [{}] }, 'spec: Required value: rule must have one of EndpointSelector or NodeSelector'],
    [
      'with both selectors',
      { ...selected, nodeSelector: {}, ingress: [{}] },
      'spec: Forbidden: rule cannot have both EndpointSelector and NodeSelector',
    ],
    [
      'of a namespace with a node selector',
      { nodeSelector: {}, ingress: [{}] },
      'spec.nodeSelector: Forbidden: rule cannot have NodeSelector',
    ],
    ['with an unknown field', ingress({ form: [] }), 'spec.ingress[0].form: Forbidden: unknown field'],
    [
      'with peers of two kinds',
      ingress({ fromCIDR: ['10.0.0.0/8'], fromEndpoints: [{}] }),
      'spec.ingress[0]: Forbidden: combining FromEndpoints and FromCIDR is not supported yet',
    ],
    [
      'with ports and ICMP',
      ingress({ toPorts: [{ ports: [{ port: '80' }] }], icmps: [{ fields: [{ type: 8 }] }] }),
      'spec.ingress[0].icmps: Forbidden: the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts',
    ],
    [
      'with an unknown entity',
      ingress({ fromEntities: ['moon'] }),
      'spec.ingress[0].fromEntities[0]: Invalid value: "moon": unsupported entity: moon',
    ],
    [
      'with no block',
      ingress({ fromCIDR: ['10.0.0.0/33'] }),
      'spec.ingress[0].fromCIDR[0]: Invalid value: "10.0.0.0/33": unable to parse CIDR: neither a block nor an address',
    ],
    [
      'with an exception outside its block',
      ingress({ fromCIDRSet: [{ cidr: '10.0.0.0/16', except: ['10.1.0.0/24'] }] }),
      'spec.ingress[0].fromCIDRSet[0].except[0]: Invalid value: "10.1.0.0/24": allow CIDR prefix 10.0.0.0/16 does not contain exclude CIDR prefix 10.1.0.0/24',
    ],
    [
      'with a block and a group',
      ingress({ fromCIDRSet: [{ cidr: '10.0.0.0/16', cidrGroupRef: 'x' }] }),
      'spec.ingress[0].fromCIDRSet[0]: Forbidden: more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set',
    ],
    ['with no port', toPorts({ ports: [{}] }), 'spec.egress[0].toPorts[0].ports[0].port: Required value: port must be specified'],
    [
      'with a port that is none',
      toPorts({ ports: [{ port: '080' }] }),
      'spec.egress[0].toPorts[0].ports[0].port: Invalid value: "080": unable to parse port',
    ],
    [
      'with a protocol that is none',
      toPorts({ ports: [{ port: '80', protocol: 'XYZ' }] }),
      'spec.egress[0].toPorts[0].ports[0].protocol: Invalid value: "XYZ": invalid protocol "XYZ", must be { tcp | udp | icmp | icmpv6 | sctp | any }',
    ],
    [
      'with too many ports',
      toPorts({ ports: Array.from({ length: 41 }, (_, i) => ({ port: String(i + 1) })) }),
      'spec.egress[0].toPorts[0].ports: Forbidden: too many ports, the max is 40',
    ],
    [
      'with a type of the other family',
      egress({ icmps: [{ fields: [{ type: 'PacketTooBig' }] }] }),
      'spec.egress[0].icmps[0].fields[0].type: Invalid value: "PacketTooBig": ICMP type PacketTooBig not found in IPv4',
    ],
    [
      'with a name that is none',
      egress({ toFQDNs: [{ matchName: 'a_*' }] }),
      'spec.egress[0].toFQDNs[0].matchName: Invalid value: "a_*": Invalid characters in MatchName: "a_*". Only 0-9, a-z, A-Z and . and - characters are allowed',
    ],
    [
      'with names in a denial',
      { ...selected, egressDeny: [{ toFQDNs: [{ matchName: 'a.b' }] }] },
      'spec.egressDeny[0].toFQDNs: Forbidden: unknown field',
    ],
  ])('%s', (_title, spec, expected) => {
    expect(refusals(spec)).toEqual([expected]);
  });

  it('with a mode of audit that is none', () => {
    expect(refusals(ingress({}), 'CiliumNetworkPolicy', { 'weir/audit-mode': 'yes' })).toEqual([
      'metadata.annotations[weir/audit-mode]: Invalid value: "yes": must be "true" or "false"',
    ]);
  });
});

describe('a policy of Cilium is refused as a whole for what is not enforced', () => {
  it.each<[string, object, string]>([
    [
      'HTTP',
      toPorts({ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ method: 'GET' }] } }),
      'spec.egress[0].toPorts[0].rules.http',
    ],
    ['Kafka', toPorts({ ports: [{ port: '80', protocol: 'TCP' }], rules: { kafka: [{}] } }), 'spec.egress[0].toPorts[0].rules.kafka'],
    [
      'another protocol',
      toPorts({ ports: [{ port: '80', protocol: 'TCP' }], rules: { l7proto: 'r2d2' } }),
      'spec.egress[0].toPorts[0].rules.l7proto',
    ],
    [
      'some names in queries',
      toPorts({ ports: [{ port: '53' }], rules: { dns: [{ matchName: 'a.b' }] } }),
      'spec.egress[0].toPorts[0].rules.dns',
    ],
    ['names of servers', toPorts({ ports: [{ port: '443' }], serverNames: ['a.b'] }), 'spec.egress[0].toPorts[0].serverNames'],
    ['certificates', toPorts({ ports: [{ port: '443' }], terminatingTLS: {} }), 'spec.egress[0].toPorts[0].terminatingTLS'],
    ['listeners', toPorts({ ports: [{ port: '443' }], listener: { name: 'x' } }), 'spec.egress[0].toPorts[0].listener'],
    ['protocols without ports', toPorts({ ports: [{ port: '0', protocol: 'VRRP' }] }), 'spec.egress[0].toPorts[0].ports[0].protocol'],
    ['groups of a cloud', egress({ toGroups: [{ aws: {} }] }), 'spec.egress[0].toGroups'],
    ['requirements', ingress({ fromRequires: [{}] }), 'spec.ingress[0].fromRequires'],
    ['authentication', ingress({ fromEndpoints: [{}], authentication: { mode: 'required' } }), 'spec.ingress[0].authentication'],
    ['a denial of the own node', { ...selected, ingressDeny: [{ fromEntities: ['host'] }] }, 'spec.ingressDeny[0].fromEntities[0]'],
    [
      'everybody but the API server',
      ingress({ fromEndpoints: [{ matchExpressions: [{ key: 'reserved:kube-apiserver', operator: 'DoesNotExist' }] }] }),
      'spec.ingress[0].fromEndpoints[0]',
    ],
  ])('%s', (_title, spec, field) => {
    const [only, ...others] = refusals(spec);
    expect(others).toEqual([]);
    expect(only?.startsWith(`${field}: `)).toBe(true);
  });

  it('nodes as subjects with an engine whose interfaces of nodes have no policies of Cilium', () => {
    const spec = { nodeSelector: {}, ingress: [{}] };
    const object: CiliumPolicy = { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', metadata: { name: 'p' }, spec };
    const { diagnostics } = compileCiliumPolicy(object, nothing, { target: enforcementTarget('kubernetes') });
    expect(diagnostics.map(({ field, code }) => `${code} ${field}`)).toEqual(['unsupported-policy spec.nodeSelector']);
    expect(refusals(spec, 'CiliumClusterwideNetworkPolicy')).toEqual([]);
  });
});
