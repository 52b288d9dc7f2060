/** Selectors of Calico's rules find network sets, too. */
import type { KubeObject } from '@weir/kube';
import { selectorKey } from '@weir/model';
import { type AddressRange, formatAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { calicoCompiler, type PolicyKind, type ReferredObjects } from '../../src/index.ts';

interface SetText {
  readonly nets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

function set({ nets, labels = { role: 'partner' }, namespace }: SetText): KubeObject & { readonly spec: unknown } {
  const kind = namespace === undefined ? 'GlobalNetworkSet' : 'NetworkSet';
  return {
    apiVersion: 'crd.projectcalico.org/v1',
    kind,
    metadata: { name: `s${nets.join('').replaceAll(/[^0-9]/g, '')}`, labels, ...(namespace === undefined ? {} : { namespace }) },
    spec: { nets },
  };
}

function formatAddressRange({ first, last }: AddressRange): string {
  const [from, to] = [formatAddress(first), formatAddress(last)];
  return from === to ? from : `${from}-${to}`;
}

function referring(...objects: readonly KubeObject[]): ReferredObjects {
  const list = ({ kind }: PolicyKind): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  return { list, get: (kind, name) => list(kind).find(({ metadata }) => metadata.name === name) };
}

interface Asked {
  readonly isGlobal?: boolean;
  readonly end?: 'source' | 'destination';
  readonly objects: readonly KubeObject[];
}

/** Each rule of the model as one end of it, the peer unless told: the selector, what is left out, the blocks. */
function peers(rule: object, { isGlobal = true, end = 'source', objects }: Asked): string[] {
  const kind = isGlobal ? 'GlobalNetworkPolicy' : 'NetworkPolicy';
  const metadata = isGlobal ? { name: 'p' } : { name: 'p', namespace: 'shop' };
  const object = { apiVersion: 'crd.projectcalico.org/v1', kind, metadata, spec: { ingress: [rule] } } as KubeObject;
  const { policies, diagnostics } = calicoCompiler.compile(object, referring(...objects));
  expect(diagnostics).toEqual([]);
  return (policies[0]?.policy.ingress?.rules ?? []).map(({ match: { [end]: source } }) =>
    [
      ...(source.selector === undefined ? [] : [selectorKey(source.selector)]),
      ...(source.notSelector === undefined ? [] : [`not ${selectorKey(source.notSelector)}`]),
      ...(source.nets === undefined ? [] : [source.nets.map(formatAddressRange).join()]),
      ...(source.notNets === undefined ? [] : [`not ${source.notNets.map(formatAddressRange).join()}`]),
    ].join(' '),
  );
}

const partners = { action: 'Allow', source: { selector: 'role == "partner"' } };
const selected = 'pod:"role" in ["partner"]';

describe('selectors of rules', () => {
  it('mean endpoints, and the blocks of the sets that they match', () => {
    const objects = [set({ nets: ['192.0.2.0/24', '198.51.100.7'] }), set({ nets: ['203.0.113.0/24'], labels: { role: 'other' } })];
    expect(peers(partners, { objects })).toEqual([selected, '192.0.2.0-192.0.2.255,198.51.100.7']);
  });

  it('mean the sets of their own namespace alone in policies of a namespace', () => {
    const objects = [
      set({ nets: ['192.0.2.1'], namespace: 'shop' }),
      set({ nets: ['192.0.2.2'], namespace: 'other' }),
      set({ nets: ['192.0.2.3'] }),
    ];
    expect(peers(partners, { isGlobal: false, objects })).toEqual([`and(${selected}; reserved:"namespace" in ["shop"])`, '192.0.2.1']);
    const everywhere = { action: 'Allow', source: { selector: 'role == "partner"', namespaceSelector: 'global()' } };
    expect(peers(everywhere, { isGlobal: false, objects }).at(-1)).toBe('192.0.2.3');
  });

  it('mean sets by the labels of their namespaces', () => {
    const team: KubeObject = { kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } };
    const rule = { action: 'Allow', source: { selector: 'role == "partner"', namespaceSelector: 'team == "a"' } };
    const objects = [team, set({ nets: ['192.0.2.1'], namespace: 'shop' }), set({ nets: ['192.0.2.2'], namespace: 'other' })];
    expect(peers(rule, { objects }).at(-1)).toBe('192.0.2.1');
  });

  it('mean what is in both where a rule has blocks, too, and nothing where that is nothing', () => {
    const objects = [set({ nets: ['192.0.2.0/24'] })];
    const within = (net: string): string[] => peers({ ...partners, source: { ...partners.source, nets: [net] } }, { objects });
    expect(within('192.0.2.128/25')).toEqual([`${selected} 192.0.2.128-192.0.2.255`, '192.0.2.128-192.0.2.255']);
    expect(within('198.51.100.0/24')).toEqual([`${selected} 198.51.100.0-198.51.100.255`]);
  });

  it('leave out the blocks of the sets that a negated selector matches', () => {
    const objects = [set({ nets: ['192.0.2.0/24'] })];
    expect(peers({ action: 'Allow', source: { notSelector: 'role == "partner"' } }, { objects })).toEqual([
      `not ${selected} not 192.0.2.0-192.0.2.255`,
    ]);
  });

  it('mean whole blocks of sets, where bits behind the prefix say nothing', () => {
    expect(peers(partners, { objects: [set({ nets: ['192.0.2.77/24'] })] }).at(-1)).toBe('192.0.2.0-192.0.2.255');
  });

  it('mean sets that a negation of service accounts does not name', () => {
    const rule = { action: 'Allow', source: { serviceAccounts: { selector: `grade != 'high'` } } };
    expect(peers(rule, { objects: [set({ nets: ['192.0.2.1'] })] }).at(-1)).toBe('192.0.2.1');
  });

  it('never mean blocks of sets where ports are asked for by name alone', () => {
    const names = { destination: { selector: 'role == "partner"', ports: ['web'] } };
    const [objects, metadata] = [[set({ nets: ['192.0.2.1'] })], { name: 'p' }];
    const object = { apiVersion: 'crd.projectcalico.org/v1', kind: 'GlobalNetworkPolicy', metadata, spec: {} };
    const rules = (destination: object): number => {
      const egress = [{ action: 'Allow', protocol: 'TCP', destination }];
      const { policies } = calicoCompiler.compile({ ...object, spec: { egress } } as KubeObject, referring(...objects));
      return policies[0]?.policy.egress?.rules.length ?? 0;
    };
    expect(rules(names.destination)).toBe(1);
    expect(rules({ ...names.destination, ports: ['web', 80] })).toBe(2);
  });

  it('mean the endpoint of the policy itself where its address is in a set, and do not where a negated selector finds it', () => {
    const objects = [set({ nets: ['192.0.2.0/24'] })];
    const own = (destination: object): string[] => peers({ action: 'Allow', destination }, { end: 'destination', objects });
    expect(own({ selector: 'role == "partner"' })).toEqual([selected, '192.0.2.0-192.0.2.255']);
    expect(own({ notSelector: 'role == "partner"' })).toEqual([`not ${selected} not 192.0.2.0-192.0.2.255`]);
  });

  it('never allow more, and never deny less, for a set that cannot be read', () => {
    const objects = [set({ nets: ['no address'] })];
    const everything = '0.0.0.0-255.255.255.255,::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    expect(peers(partners, { objects })).toEqual([selected]);
    expect(peers({ ...partners, action: 'Deny' }, { objects })).toEqual([selected, everything]);
    expect(peers({ action: 'Allow', source: { notSelector: 'role == "partner"' } }, { objects })).toEqual([
      `not ${selected} not ${everything}`,
    ]);
    expect(peers({ action: 'Deny', source: { notSelector: 'role == "partner"' } }, { objects })).toEqual([`not ${selected}`]);
  });
});
