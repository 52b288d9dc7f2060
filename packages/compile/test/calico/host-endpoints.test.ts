/** Calico's host endpoints in the model, and what FelixConfiguration says of them. */
import type { KubeObject, StringMap } from '@weir/kube';
import type { HostEndpoint } from '@weir/model';
import { type AddressRange, formatAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { calicoCompiler, type PolicyKind, type ReferredObjects } from '../../src/index.ts';

type Stored = KubeObject & { readonly spec: unknown };

const stored = (kind: string, name: string, spec: unknown, labels: StringMap = {}): Stored => ({
  apiVersion: 'crd.projectcalico.org/v1',
  kind,
  metadata: { name, labels },
  spec,
});

function referring(...objects: readonly KubeObject[]): ReferredObjects {
  const list = ({ kind }: PolicyKind): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  return { list, get: (kind, name) => list(kind).find(({ metadata }) => metadata.name === name) };
}

function hostOf(spec: object, ...objects: readonly KubeObject[]): HostEndpoint | undefined {
  const { hosts, diagnostics, policies } = calicoCompiler.compile(stored('HostEndpoint', 'h', spec, { role: 'db' }), referring(...objects));
  expect({ diagnostics, policies }).toEqual({ diagnostics: [], policies: [] });
  return hosts?.[0];
}

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels: { team: 'blue' } } };
const { TCP, UDP } = protocolNumber;

describe('a host endpoint of Calico', () => {
  it('is interfaces of its node with labels, addresses and named ports', () => {
    const ports = [{ name: 'web', protocol: 'tcp', port: 80 }];
    const host = hostOf({ node: 'n1', interfaceName: 'eth0', expectedIPs: ['192.0.2.4', '2001:db8::4'], ports });
    expect(host).toMatchObject({
      name: 'h',
      node: 'n1',
      interfaces: { name: 'eth0' },
      namedPorts: [{ name: 'web', protocol: TCP, port: 80 }],
    });
    expect(host?.addresses.map(formatAddress)).toEqual(['192.0.2.4', '2001:db8::4']);
    expect(host?.labels).toEqual({ pod: { role: 'db' }, namespace: {}, serviceAccount: {}, reserved: {} });
  });

  it('is all interfaces for an asterisk, and without a name those with its addresses', () => {
    expect(hostOf({ node: 'n1', interfaceName: '*' })?.interfaces).toBe('all');
    expect(hostOf({ node: 'n1', expectedIPs: ['192.0.2.4'] })?.interfaces).toBe('by address');
  });

  it.each<[string, readonly string[], 'allow' | 'deny']>([
    ['denied without a profile', [], 'deny'],
    ['allowed with the profile that allows', ['projectcalico-default-allow'], 'allow'],
    ['allowed with the profile of a namespace that is there', ['kns.n', 'gone'], 'allow'],
    ['denied with the profile of a namespace that is not there', ['kns.gone', 'projectcalico-default-allow'], 'deny'],
    ['denied with a profile that nobody knows', ['own', 'projectcalico-default-allow'], 'deny'],
  ])('has what no policy decides %s', (_title, profiles, otherwise) => {
    expect(hostOf({ node: 'n1', interfaceName: 'eth0', profiles }, namespace)?.otherwise).toBe(otherwise);
  });

  it('inherits the labels of a namespace whose profile it has, and is in none', () => {
    expect(hostOf({ node: 'n1', interfaceName: 'eth0', profiles: ['kns.n'] }, namespace)?.labels).toMatchObject({
      namespace: { team: 'blue' },
      reserved: {},
    });
  });

  it('is refused when a field is wrong, and stands closed at its interface meanwhile', () => {
    const object = stored('HostEndpoint', 'h', {
      node: 'n1',
      interfaceName: 'eth0',
      expectedIPs: ['x'],
      profiles: ['projectcalico-default-allow'],
    });
    const { hosts, diagnostics } = calicoCompiler.compile(object, referring());
    expect([hosts, diagnostics.map(({ severity, field }) => [severity, field])]).toEqual([undefined, [['error', 'spec.expectedIPs[0]']]]);
    expect(calicoCompiler.closedHosts?.(object)).toMatchObject([{ interfaces: { name: 'eth0' }, otherwise: 'deny', addresses: [] }]);
    expect(calicoCompiler.closed(object, referring())).toEqual([]);
    expect(calicoCompiler.closedHosts?.(stored('HostEndpoint', 'h', { node: 'n1', interfaceName: 'more than fifteen' }))).toEqual([]);
  });
});

describe('FelixConfiguration', () => {
  const settings = (name: string, spec: object): unknown => {
    const { hostSettings, diagnostics } = calicoCompiler.compile(stored('FelixConfiguration', name, spec), referring());
    expect(diagnostics).toEqual([]);
    return hostSettings;
  };

  it('says which ports are failsafe, for all nodes or for one', () => {
    const inbound = [
      { protocol: 'tcp', port: 22, net: '192.0.2.0/24' },
      { protocol: 'UDP', port: 68 },
    ];
    expect(settings('node.n1', { failsafeInboundHostPorts: inbound, failsafeOutboundHostPorts: [], logSeverityScreen: 'Info' })).toEqual({
      node: 'n1',
      failsafes: {
        ingress: [
          { direction: 'ingress', protocol: TCP, port: 22, block: expect.anything() },
          { direction: 'ingress', protocol: UDP, port: 68 },
        ],
        egress: [],
      },
    });
    expect(settings('default', { logSeverityScreen: 'Info' })).toEqual({});
    expect(settings('other', { failsafeInboundHostPorts: inbound })).toBeUndefined();
  });

  it('says what becomes of packets from pods to their node, in whatever case', () => {
    expect(settings('default', { defaultEndpointToHostAction: 'RETURN' })).toEqual({ podToHost: 'return' });
  });

  it.each<[object, string]>([
    [{ failsafeInboundHostPorts: [{ protocol: 'ICMP', port: 1 }] }, 'spec.failsafeInboundHostPorts[0].protocol'],
    [{ failsafeInboundHostPorts: [{ protocol: 'TCP' }] }, 'spec.failsafeInboundHostPorts[0].port'],
    [{ failsafeOutboundHostPorts: [{ protocol: 'TCP', port: 1, net: 'x' }] }, 'spec.failsafeOutboundHostPorts[0].net'],
    [{ failsafeOutboundHostPorts: 'tcp:22' }, 'spec.failsafeOutboundHostPorts'],
    [{ defaultEndpointToHostAction: 'Reject' }, 'spec.defaultEndpointToHostAction'],
  ])('is refused as a whole when it says %j', (spec, field) => {
    const { hostSettings, diagnostics } = calicoCompiler.compile(stored('FelixConfiguration', 'default', spec), referring());
    expect([hostSettings, diagnostics.map((one) => one.field)]).toEqual([undefined, [field]]);
  });
});

describe('host endpoints as peers', () => {
  const ports = [{ name: 'db', protocol: 'TCP', port: 5432 }];
  const host = stored('HostEndpoint', 'h', { node: 'n1', interfaceName: 'eth0', expectedIPs: ['192.0.2.4'], ports }, { role: 'db' });
  const other = stored('HostEndpoint', 'o', { node: 'n2', interfaceName: 'eth0', expectedIPs: ['192.0.2.5'] }, { role: 'db' });

  function destinations(rule: object): string[] {
    const policy = stored('GlobalNetworkPolicy', 'p', { egress: [rule] });
    const { policies, diagnostics } = calicoCompiler.compile(policy, referring(host, other));
    expect(diagnostics).toEqual([]);
    return (policies[0]?.policy.egress?.rules ?? []).map(({ match: { destination: to, protocol } }) =>
      [
        protocol ?? 'any',
        to.selector === undefined ? '' : 'selected',
        rangesText(to.nets),
        ...(to.notNets === undefined ? [] : [`not ${rangesText(to.notNets)}`]),
        ...(to.ports === undefined ? [] : [`on ${to.ports.map(({ first }) => first).join()}`]),
        ...(to.notPorts === undefined ? [] : [`not on ${to.notPorts.map(({ first }) => first).join()}`]),
        ...(to.namedPorts === undefined ? [] : [`on ${to.namedPorts.join()}`]),
        ...(to.notNamedPorts === undefined ? [] : [`not on ${to.notNamedPorts.join()}`]),
      ].join(' '),
    );
  }

  const rangesText = (ranges: readonly AddressRange[] = []): string =>
    ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last).split('.').at(-1) ?? ''}`).join();

  it('are found by their labels, with the addresses that they expect', () => {
    expect(destinations({ action: 'Allow', destination: { selector: 'role == "db"' } })).toEqual(['any selected ', 'any  192.0.2.4-5']);
  });

  it('are meant by names on the ports that have them', () => {
    expect(destinations({ action: 'Allow', protocol: 'TCP', destination: { selector: 'role == "db"', ports: ['db', 80] } })).toEqual([
      '6 selected  on 80 on db',
      '6  192.0.2.5-5 on 80',
      '6  192.0.2.4-4 on 80,5432',
    ]);
    expect(destinations({ action: 'Allow', destination: { ports: ['db'] } })).toEqual(['any   on db', '6  192.0.2.4-4 on 5432']);
  });

  it('are left out on the ports whose names are excluded', () => {
    expect(destinations({ action: 'Allow', protocol: 'TCP', destination: { notPorts: ['db'] } })).toEqual([
      '6   not 192.0.2.4-4 not on db',
      '6  192.0.2.4-4 not on 5432',
    ]);
  });

  it('are nothing to a rule that allows when they cannot be read, and everything to one that denies', () => {
    const broken = stored('HostEndpoint', 'h', { node: 'n1', expectedIPs: ['x'] }, { role: 'db' });
    const rule = (action: string): unknown =>
      calicoCompiler.compile(
        stored('GlobalNetworkPolicy', 'p', { egress: [{ action, destination: { selector: 'role == "db"' } }] }),
        referring(broken),
      ).policies[0]?.policy.egress?.rules.length;
    expect([rule('Allow'), rule('Deny')]).toEqual([1, 2]);
  });
});
