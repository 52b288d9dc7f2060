import type { NetworkPolicy, NetworkPolicySpec } from '@weir/kube';
import { type Rule, selectorKey } from '@weir/model';
import { formatAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { compileNetworkPolicy } from '../../src/index.ts';

function policy(spec: unknown): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'n' },
    spec: spec as NetworkPolicySpec,
  };
}

function ingressRules(rules: unknown): readonly Rule[] {
  const { policy: compiled, diagnostics } = compileNetworkPolicy(policy({ ingress: rules }));
  expect(diagnostics).toEqual([]);
  return compiled?.ingress?.rules ?? [];
}

function sourceKey(peer: unknown): string {
  const [rule] = ingressRules([{ from: [peer] }]);
  return rule?.match.source.selector === undefined ? 'no selector' : selectorKey(rule.match.source.selector);
}

function sourceNets(ipBlock: unknown): string[] {
  const [rule] = ingressRules([{ from: [{ ipBlock }] }]);
  return (rule?.match.source.nets ?? []).map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`);
}

describe('compiling NetworkPolicies', () => {
  it("NP1 the subject is the pods of the policy's namespace that the pod selector matches", () => {
    const { policy: compiled } = compileNetworkPolicy(policy({ podSelector: { matchLabels: { app: 'a' } } }));
    expect(compiled && selectorKey(compiled.subject)).toBe('and(pod:"app" in ["a"]; reserved:"namespace" in ["n"])');
  });

  it.each<[string, unknown, boolean, boolean]>([
    ['without types and egress rules: ingress', {}, true, false],
    ['without types, with egress rules: both', { egress: [{}] }, true, true],
    ['only egress, though there are ingress rules', { policyTypes: ['Egress'], ingress: [{}] }, false, true],
  ])('NP5 isolates %s', (_name, spec, ingress, egress) => {
    const { policy: compiled } = compileNetworkPolicy(policy(spec));
    expect(compiled?.ingress?.isolates ?? false).toBe(ingress);
    expect(compiled?.egress?.isolates ?? false).toBe(egress);
  });

  it('NP6 an absent or empty list of rules isolates and allows nothing, an empty rule allows everything', () => {
    expect(ingressRules(undefined)).toEqual([]);
    expect(ingressRules([])).toEqual([]);
    expect(ingressRules([{}]).map((rule) => rule.match)).toEqual([{ source: {}, destination: {} }]);
    expect(ingressRules([{ from: [], ports: [] }]).map((rule) => rule.match)).toEqual([{ source: {}, destination: {} }]);
  });

  it("NP7 a pod selector alone means pods of the policy's namespace", () => {
    expect(sourceKey({ podSelector: { matchLabels: { app: 'b' } } })).toBe('and(pod:"app" in ["b"]; reserved:"namespace" in ["n"])');
  });

  it('NP8 a namespace selector alone means all pods of those namespaces, an empty one all pods', () => {
    expect(sourceKey({ namespaceSelector: { matchLabels: { team: 't' } } })).toBe('namespace:"team" in ["t"]');
    expect(sourceKey({ namespaceSelector: {} })).toBe('all');
    expect(sourceKey({ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } })).toBe(
      'namespace:"team" absent',
    );
  });

  it('NP9 both selectors in one peer must hold, in two peers either', () => {
    const both = { namespaceSelector: { matchLabels: { team: 't' } }, podSelector: { matchLabels: { app: 'b' } } };
    expect(sourceKey(both)).toBe('and(namespace:"team" in ["t"]; pod:"app" in ["b"])');
    const two = ingressRules([{ from: [{ namespaceSelector: both.namespaceSelector }, { podSelector: both.podSelector }] }]);
    expect(two.map((rule) => rule.origin.peerIndex)).toEqual([0, 1]);
  });

  it.each<[string, unknown, string[]]>([
    ['except is taken out', { cidr: '10.0.0.0/30', except: ['10.0.0.1/32'] }, ['10.0.0.0-10.0.0.0', '10.0.0.2-10.0.0.3']],
    ['host bits are cleared', { cidr: '10.0.0.3/30' }, ['10.0.0.0-10.0.0.3']],
    ['/0 is the whole family', { cidr: '0.0.0.0/0' }, ['0.0.0.0-255.255.255.255']],
    ['overlapping exceptions are one hole', { cidr: '10.0.0.0/29', except: ['10.0.0.0/30', '10.0.0.2/31'] }, ['10.0.0.4-10.0.0.7']],
    ['everything excepted is nothing', { cidr: '0.0.0.0/0', except: ['0.0.0.0/1', '128.0.0.0/1'] }, []],
    ['IPv6', { cidr: '2001:db8::/126', except: ['2001:db8::/127'] }, ['2001:db8::2-2001:db8::3']],
  ])('NP10 ipBlock: %s', (_name, ipBlock, expected) => {
    expect(sourceNets(ipBlock)).toEqual(expected);
  });

  it('NP11 ports of one protocol become one rule of merged ranges and names, each protocol its own', () => {
    const ports = [
      { port: 81 },
      { port: 80 },
      { port: 'http' },
      { protocol: 'UDP', port: 53 },
      { port: 8000, endPort: 8005 },
      { protocol: 'SCTP' },
      { protocol: 'SCTP', port: 5 },
    ];
    expect(ingressRules([{ ports }]).map((rule) => rule.match)).toEqual([
      {
        protocol: protocolNumber.TCP,
        source: {},
        destination: {
          ports: [
            { first: 80, last: 81 },
            { first: 8000, last: 8005 },
          ],
          namedPorts: ['http'],
        },
      },
      { protocol: protocolNumber.UDP, source: {}, destination: { ports: [{ first: 53, last: 53 }] } },
      { protocol: protocolNumber.SCTP, source: {}, destination: {} },
    ]);
  });

  it('NP12 egress peers and ports are both asked of the destination', () => {
    const { policy: compiled } = compileNetworkPolicy(
      policy({ policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'http' }] }] }),
    );
    const [rule] = compiled?.egress?.rules ?? [];
    expect(rule?.match.source).toEqual({});
    expect(rule?.match.destination.selector && selectorKey(rule.match.destination.selector)).toBe('reserved:"namespace" in ["n"]');
    expect(rule?.match.destination.namedPorts).toEqual(['http']);
  });

  it('rules and policies know their place', () => {
    const lines: Readonly<Record<string, number>> = { '': 1, 'spec.ingress[0].from[1]': 9, 'spec.ingress[1]': 12 };
    const spec = { ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }, {}] };
    const { policy: compiled } = compileNetworkPolicy(policy(spec), {
      positionOf: (path) => {
        const line = lines[path];
        return line === undefined ? undefined : { file: 'a.yaml', line, column: 1 };
      },
    });
    expect(compiled?.source).toEqual({ file: 'a.yaml', line: 1 });
    expect(compiled?.ingress?.rules.map(({ origin }) => [origin.ruleIndex, origin.peerIndex, origin.source?.line])).toEqual([
      [0, 0, undefined],
      [0, 1, 9],
      [1, undefined, 12],
    ]);
  });

  it.each<[string, unknown, string]>([
    ['an invalid field', { ingress: [{ from: [{}] }] }, 'spec.ingress[0].from[0]'],
    ['an unknown field', { ingress: [{ form: [{ podSelector: {} }] }] }, 'spec.ingress[0].form'],
    ['a wrong type', { ingress: [{ ports: [{ port: true }] }] }, 'spec.ingress[0].ports[0].port'],
    [
      'a selector on an unknown operator',
      { podSelector: { matchExpressions: [{ key: 'a', operator: 'near' }] } },
      'spec.podSelector.matchExpressions[0].operator',
    ],
  ])('a policy with %s is refused as a whole', (_name, spec, field) => {
    const { policy: compiled, diagnostics } = compileNetworkPolicy(policy(spec), {
      positionOf: (path) => (path === '' ? { file: 'a.yaml', line: 3 } : undefined),
    });
    expect(compiled).toBeUndefined();
    expect(diagnostics).toMatchObject([
      {
        code: field.endsWith('form') ? 'unknown-field' : 'invalid-policy',
        severity: 'error',
        object: 'NetworkPolicy n/p',
        field,
        position: { file: 'a.yaml', line: 3 },
      },
    ]);
  });
});
