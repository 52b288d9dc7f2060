import { engineProfiles } from '@weir/model';
import { cidrRange, defined, parseCidr } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { renderAssertion } from '../src/render-assertions.ts';
import { outcomes, results, shop } from './shop.ts';

const snapshot = shop();
const outcome = (test: string, before?: string): string => outcomes(snapshot, `- ${test}`, before)[0] ?? '';

describe('an assertion about connections', () => {
  it('holds when every connection that it is about has the verdict, and names those that have not', () => {
    expect(outcome('{ from: shop/web, to: shop/db, port: 5432, expect: allow }')).toBe('passed');
    expect(outcome('{ from: shop/web, to: shop/db, port: sql, expect: allow }')).toBe('passed');
    expect(outcome('{ from: [shop/web, tools/probe], to: shop/db, port: 5432, expect: allow }')).toBe(
      'failed; tools/probe → shop/db, TCP 5432: denied, should be allowed',
    );
    expect(outcome('{ from: shop/web, to: shop/db, ports: [5432, 22, 53/UDP], expect: deny }')).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed, should be denied',
    );
  });

  it('is about all traffic where no port is named', () => {
    expect(outcome('{ from: tools/probe, to: shop/web, expect: allow }')).toBe('passed');
    expect(outcome('{ from: tools/probe, to: shop/db, expect: deny }')).toBe('passed');
    expect(outcome('{ from: shop/web, to: shop/db, expect: deny }')).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed, should be denied',
    );
    expect(outcome('{ from: shop/web, to: shop/db, expect: allow }')).toBe(
      'failed; shop/web → shop/db, all traffic except TCP 5432: denied, should be allowed',
    );
  });

  it('asks every part of a range of ports that policies tell apart', () => {
    expect(outcome('{ from: shop/web, to: shop/db, port: 5000-6000, expect: deny }')).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed, should be denied',
    );
    expect(outcome('{ from: shop/web, to: shop/db, port: 5433-6000, expect: deny }')).toBe('passed');
  });

  it('asks the pods of a workload about each other', () => {
    expect(outcome('{ from: shop/db, to: shop/db, port: 5432, expect: deny }')).toBe('passed');
    expect(outcome('{ from: tools/probe, to: tools/probe, port: 80, expect: allow }')).toMatch(/^error; tools\/probe is on both sides/);
  });

  it('is about pods by labels, namespaces by labels, names for ends, and all of a kind', () => {
    const web = '{ namespaceSelector: { matchLabels: { team: shop } }, labels: { app: web } }';
    expect(outcome(`{ from: ${web}, to: shop/db, port: 5432, expect: allow }`)).toBe('passed');
    const names = 'ends: { clients: { namespace: shop, labels: { app: web } } }';
    expect(outcome('{ from: clients, to: shop/db, port: 5432, expect: allow }', names)).toBe('passed');
    const others = '{ namespace: [shop, tools], podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [web] }] } }';
    expect(outcome(`{ from: ${others}, to: shop/db, port: 5432, expect: deny }`)).toBe('passed');
    expect(outcome('{ from: any, to: shop/db, port: 22, expect: deny }')).toBe('passed');
    expect(outcome('{ from: pods, to: shop/db, port: 5432, expect: deny }')).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed, should be denied',
    );
  });

  it('is about a service by the ports of the service and the pods behind it', () => {
    expect(outcome('{ from: shop/web, to: "svc:shop/db", port: 15432, expect: allow }')).toBe('passed');
    expect(outcome('{ from: tools/probe, to: "svc:shop/db", expect: deny }')).toBe('passed');
    expect(outcome('{ from: shop/web, to: "svc:shop/db", port: 5432, expect: allow }')).toMatch(
      /^error; .*is not reached on any of these ports/,
    );
    expect(outcome('{ from: "svc:shop/db", to: shop/web, expect: allow }')).toMatch(
      /^error; shop\/db is a service, and services do not connect/,
    );
  });

  it('has a verdict for each engine where they differ, and is left out for others', () => {
    const block = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec: { podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ ipBlock: { cidr: 10.224.0.0/16 } }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: one, namespace: tools }
spec: { containers: [{ name: c, image: c }] }
status: { podIP: 10.224.0.9, podIPs: [{ ip: 10.224.0.9 }] }
`;
    const test = '- { from: tools/one, to: shop/web, port: 80, expect: { calico: allow, cilium: deny } }';
    for (const engine of ['calico', 'cilium'] as const)
      expect(outcomes(shop(block, { profile: engineProfiles[engine] }), test)).toEqual(['passed']);
    expect(outcomes(shop(block), test)).toEqual(['skipped']);
  });

  it('can ask for the policy that decides', () => {
    const allowed = 'from: shop/web, to: shop/db, port: 5432, expect: allow';
    expect(outcome(`{ ${allowed}, decidedBy: shop/db }`)).toBe('passed');
    expect(outcome('{ from: tools/probe, to: shop/db, port: 5432, expect: deny, decidedBy: NetworkPolicy shop/db }')).toBe('passed');
    expect(outcome(`{ ${allowed}, decidedBy: shop/web }`)).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed as wished, but not by shop/web',
    );
  });

  it('explains a failure as weir why does', () => {
    const [result] = results(snapshot, '- { from: tools/probe, to: shop/db, port: 5432, expect: allow }');
    expect(result?.failures[0]?.verdict).toMatchObject({ verdict: 'deny', ingress: { decidedBy: { reason: 'end of tier' } } });
    expect(result?.failures[0]?.verdict?.nearMisses).not.toEqual([]);
  });

  it('tells messages of ICMP apart', () => {
    const policy = `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: ping, namespace: shop }
spec: { selector: app == 'web', ingress: [{ action: Allow, protocol: ICMP, icmp: { type: 8 } }] }
`;
    const guarded = shop(policy, { profile: engineProfiles.calico });
    const test = (port: string, verdict: string): string =>
      outcomes(guarded, `- { from: tools/probe, to: shop/web, port: ${port}, expect: ${verdict} }`)[0] ?? '';
    expect([test('icmp/8', 'allow'), test('icmp/0', 'deny'), test('icmp/3/4', 'deny')]).toEqual(['passed', 'passed', 'passed']);
    expect(test('icmp', 'deny')).toBe('failed; tools/probe → shop/web, ICMP type 8: allowed, should be denied');
  });
});

describe('an assertion about addresses', () => {
  const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress: [{ from: [{ ipBlock: { cidr: 198.51.0.0/16, except: [198.51.7.0/24] } }], ports: [{ port: 8080 }] }]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 100.64.0.0/10] } }] }]
`;
  const guarded = shop(policy);

  it('asks every part of a block that policies tell apart', () => {
    expect(outcomes(guarded, '- { from: 198.51.100.0/24, to: shop/web, port: 8080, expect: allow }')).toEqual(['passed']);
    expect(outcomes(guarded, '- { from: 198.51.0.0/16, to: shop/web, port: 8080, expect: allow }')).toEqual([
      'failed; 198.51.7.0/24 → shop/web, TCP 8080: denied, should be allowed',
    ]);
    expect(outcomes(guarded, '- { from: 198.51.7.9, to: shop/web, port: 8080, expect: deny }')).toEqual(['passed']);
  });

  it('knows the internet from private networks', () => {
    expect(outcomes(guarded, '- { from: shop/web, to: internet, port: 443, expect: allow }')).toEqual(['passed']);
    expect(outcomes(guarded, '- { from: shop/web, to: 10.0.0.0/8, port: 443, expect: deny }')).toEqual(['passed']);
    expect(outcomes(guarded, '- { from: shop/web, to: outside, port: 443, expect: allow }')[0]).toMatch(
      /^failed; shop\/web → 10\.0\.0\.0\/8, .*: denied/,
    );
  });
});

describe('an assertion about nobody', () => {
  it('fails, whatever the policies say, and says who may have been meant', () => {
    const about = (end: string): string => outcome(`{ from: ${end}, to: shop/db, port: 5432, expect: deny }`);
    expect(about('shop/wep')).toBe('error; there is no pod or workload shop/wep: did you mean shop/web?');
    expect(about('{ namespace: shop, labels: { app: wbe } }')).toMatch(
      /^error; no pod matches pods of shop app=wbe: no pod has the label app=wbe: did you mean app=web\?/,
    );
    expect(about('{ namespace: shpo }')).toMatch(/there are no pods in namespace shpo: did you mean shop\?/);
    expect(about('node:n1')).toMatch(/^error; there is no node n1/);
    expect(about('nodes')).toMatch(/^error; there are no nodes/);
    expect(about('clients')).toMatch(/^error; clients is nobody/);
    expect(outcome('{ from: shop/web, to: service/shop/db, expect: deny }')).toMatch(/write svc:shop\/db/);
    expect(outcome('{ from: shop/web, to: "svc:shop/nothing", expect: deny }')).toMatch(
      /^error; no pod stands behind service shop\/nothing/,
    );
    expect(outcome('{ from: shop/web, to: shop/db, port: htpp, expect: deny }')).toMatch(/^error; shop\/db has no port named htpp/);
  });

  it('stands at the field that means nobody', () => {
    const [result] = results(snapshot, '- name: a\n  from: shop/web\n  to: [shop/db, shop/dd]\n  expect: deny');
    expect(result?.problem?.position).toEqual({ file: 'shop.weir-test.yaml', line: 5, column: 17 });
    const [line] = result === undefined ? [] : renderAssertion(result, { tone: (_, text) => text, withEngine: false });
    expect(line).toMatch(/\(shop\.weir-test\.yaml:5\b/);
  });
});

describe('that only these may', () => {
  it('holds when they may and nobody else may, over all traffic', () => {
    expect(outcome('{ to: shop/db, onlyFrom: [{ end: shop/web, port: 5432 }] }')).toBe('passed');
    expect(outcome('{ to: shop/db, onlyFrom: [shop/web] }')).toBe('passed');
    expect(outcome('{ to: shop/db, port: 5432, onlyFrom: [shop/web] }')).toBe('passed');
    expect(outcome('{ to: shop/db, port: 22, onlyFrom: [] }')).toBe('passed');
  });

  it('names everybody else who may', () => {
    expect(outcome('{ to: shop/db, onlyFrom: [] }')).toBe(
      'failed; shop/web → shop/db, TCP 5432: allowed, and is not among those who alone may',
    );
    const found = outcome('{ to: shop/web, port: 8080, onlyFrom: [tools/probe] }');
    expect(found).toContain('shop/web → shop/web, TCP 8080: allowed, and is not among those who alone may');
    expect(found).toContain('shop/db → shop/web, TCP 8080: allowed');
    expect(found).toMatch(/1\.0\.0\.0\/8, .* → shop\/web, TCP 8080: allowed/);
  });

  it('names the ports that somebody listed may besides, and those that he may not', () => {
    expect(outcome('{ to: shop/db, onlyFrom: [{ end: shop/web, port: 5433 }] }')).toBe(
      'failed; shop/web → shop/db, TCP 5433: denied, should be allowed; shop/web → shop/db, TCP 5432: allowed, and is not among those who alone may',
    );
    expect(outcome('{ to: shop/db, onlyFrom: [shop/web, tools/probe] }')).toMatch(
      /^failed; tools\/probe → shop\/db, .*: denied, and at least something should be allowed$/,
    );
  });

  it('holds for what somebody connects to, services among it', () => {
    const egress = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Egress]
  egress:
  - { to: [{ podSelector: { matchLabels: { app: db } } }], ports: [{ port: sql }] }
  - { to: [{ ipBlock: { cidr: 203.0.113.0/24 } }], ports: [{ port: 443 }] }
`;
    const ranges = { podRanges: [cidrRange(defined(parseCidr('10.244.0.0/16'), 'a block'))] };
    const guarded = shop(egress, ranges);
    const test = (to: string): string => outcomes(guarded, `- { from: shop/web, onlyTo: ${to} }`)[0] ?? '';
    expect(test('["svc:shop/db", { end: 203.0.113.0/24, port: 443 }]')).toBe('passed');
    expect(outcomes(shop(egress), '- { from: shop/web, onlyTo: [shop/db, { end: 203.0.113.0/24, port: 443 }] }')[0]).toContain(
      'unknown, and is not among those who alone may (not known: the address of pod tools/probe)',
    );
    expect(test('[shop/db]')).toBe('failed; shop/web → 203.0.113.0/24, TCP 443: allowed, and is not among those who alone may');
    expect(test('[shop/db, { end: 203.0.113.0/25, port: 443 }]')).toBe(
      'failed; shop/web → 203.0.113.128/25, TCP 443: allowed, and is not among those who alone may',
    );
  });
});
