/** `why` and snapshots over the policies of every API. */
import { parseManifest } from '@weir/kube';
import { computeMatrix, matrixOutcome } from '@weir/matrix';
import { engineProfiles, renderVerdict } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

const pods = ['server', 'a', 'b'].map((name) =>
  [
    'apiVersion: v1',
    'kind: Pod',
    `metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}`,
    'spec: {containers: [{name: c, image: i}]}',
    `status: {podIP: 10.0.0.${name.length + (name.codePointAt(0) ?? 0)}}`,
  ].join('\n'),
);
const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}';

const tiered = `
apiVersion: projectcalico.org/v3
kind: Tier
metadata: {name: security}
spec: {order: 100}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: security.deny-b}
spec:
  tier: security
  selector: app == "server"
  ingress:
  - action: Deny
    source: {selector: 'app == "b"'}
  - action: Pass
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-all, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
`;

function snapshotOf(manifest: string, engine: 'calico' | 'azure' | 'kubernetes' = 'calico'): Snapshot {
  const { documents, diagnostics } = parseManifest([namespace, ...pods, manifest].join('\n---\n'), 'all.yaml');
  expect(diagnostics).toEqual([]);
  return loadSnapshot(documents, { profile: engineProfiles[engine] });
}

function why(snapshot: Snapshot, source: string): string[] {
  const answer = explainFlow(snapshot, { source: `shop/${source}`, destination: 'shop/server', protocol: 'TCP', port: 80 });
  return answer.kind === 'answered' ? answer.verdicts.flatMap((verdict) => renderVerdict(verdict)) : [answer.message];
}

describe('why, for policies in tiers', () => {
  it('names the tier, the policy, the rule and the place in the file that decide', () => {
    const lines = why(snapshotOf(tiered), 'b');
    expect(lines[0]).toMatch(/^deny: /);
    expect(lines.join('\n')).toMatch(
      /ingress of shop\/server: denied, rule ingress\[0\] of GlobalNetworkPolicy security\.deny-b of tier security \(all\.yaml:\d+\) matches/,
    );
  });

  it('goes on to the next tier where a rule passes', () => {
    const lines = why(snapshotOf(tiered), 'a');
    expect(lines[0]).toMatch(/^allow: /);
    expect(lines.join('\n')).toContain('allowed, rule ingress[0] of NetworkPolicy shop/allow-all (all.yaml:');
  });

  it('says of each policy that the engine does not read that it is not enforced', () => {
    const { diagnostics, policies } = snapshotOf(tiered, 'azure');
    expect(diagnostics).toMatchObject([{ code: 'unread-policy', severity: 'warning', object: 'GlobalNetworkPolicy security.deny-b' }]);
    expect(policies.map(({ ref }) => ref.name)).toEqual(['allow-all']);
  });

  it('closes what a refused policy governs, with the place of the refused field', () => {
    const snapshot = snapshotOf(tiered.replace('action: Pass', 'action: Allow\n    http: {methods: [GET]}'));
    expect(snapshot.diagnostics).toMatchObject([
      { code: 'unsupported-policy', field: 'spec.ingress[1].http', position: { file: 'all.yaml' } },
    ]);
    expect(why(snapshot, 'a')[0]).toMatch(/^deny: /);
  });

  it('refuses a policy of a file for a field that it does not know', () => {
    const snapshot = snapshotOf(tiered.replace('action: Pass', 'action: Pass\n    sources: {}'));
    expect(snapshot.diagnostics).toMatchObject([{ code: 'unknown-field', field: 'spec.ingress[1].sources' }]);
  });

  it('computes no verdict from staged policies', () => {
    const snapshot = snapshotOf(tiered.replace('kind: GlobalNetworkPolicy', 'kind: StagedGlobalNetworkPolicy'));
    expect(snapshot.diagnostics).toEqual([]);
    expect(why(snapshot, 'b')[0]).toMatch(/^allow: /);
  });
});

const meeting = `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: of-calico, namespace: shop}
spec:
  selector: app == "server"
  ingress: [{action: Allow}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: of-cilium, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: server}}
  ingress: [{fromEntities: [all]}]
  egress: [{toEntities: [all]}]
`;

describe('policies of Calico and of Cilium that select one pod', () => {
  it('close it in the directions of which both speak, with the names of both', () => {
    const lines = why(snapshotOf(meeting, 'kubernetes'), 'b').join('\n');
    expect(lines).toMatch(/^deny: /);
    expect(lines).toMatch(
      /ingress of shop\/server: denied, NetworkPolicy shop\/of-calico \(projectcalico\.org\) \(all\.yaml:\d+\), CiliumNetworkPolicy shop\/of-cilium \(cilium\.io\) \(all\.yaml:\d+\) select it together, and the policies of these APIs have no order among each other/,
    );
    const out = explainFlow(snapshotOf(meeting, 'kubernetes'), { source: 'shop/server', destination: 'shop/b', protocol: 'TCP', port: 80 });
    expect(out.kind === 'answered' && out.verdicts.map(({ verdict }) => verdict)).toEqual(['allow']);
  });

  it('are told of without a question, too', () => {
    const { diagnostics } = snapshotOf(meeting, 'kubernetes');
    expect(diagnostics).toMatchObject([{ code: 'unordered-policies', severity: 'warning', object: 'CiliumNetworkPolicy shop/of-cilium' }]);
    expect(diagnostics[0]?.message).toMatch(/^ingress of pod shop\/server is closed: .*shop\/of-calico.*shop\/of-cilium/);
  });

  it('mean what they mean alone to an engine that reads one of the APIs', () => {
    expect(why(snapshotOf(meeting, 'calico'), 'b')[0]).toMatch(/^allow: /);
  });
});

/** Two pods of equal labels beside a server, and a policy of the server. */
function twinsWith(ingress: string): Snapshot {
  const pod = (name: string, more: string, address: string): string =>
    [
      'apiVersion: v1',
      'kind: Pod',
      `metadata: {name: ${name}, namespace: shop, labels: {app: ${name === 'server' ? 'server' : 'twin'}}}`,
      `spec: {${more}containers: [{name: c, image: i}]}`,
      `status: {podIP: ${address}}`,
    ].join('\n');
  const manifest = [
    namespace,
    pod('server', '', '10.0.1.1'),
    pod('one', 'serviceAccountName: robot, nodeName: n1, ', '10.0.1.2'),
    pod('two', 'nodeName: n2, ', '10.0.1.3'),
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop}',
    [
      'apiVersion: discovery.k8s.io/v1',
      'kind: EndpointSlice',
      'metadata: {name: one-x, namespace: shop, labels: {kubernetes.io/service-name: one}}',
      'addressType: IPv4',
      'endpoints: [{addresses: [10.0.1.2]}]',
      'ports: [{port: 80, protocol: TCP}]',
    ].join('\n'),
    `apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {selector: 'app == "server"', ingress: [${ingress}]}`,
  ].join('\n---\n');
  const { documents } = parseManifest(manifest, 'twins.yaml');
  return loadSnapshot(documents, { profile: engineProfiles.calico });
}

describe('the matrix, for policies that ask for more than labels', () => {
  it.each([
    ['service accounts', '{action: Allow, source: {serviceAccounts: {names: [robot]}}}'],
    ['services', '{action: Allow, source: {services: {name: one}}}'],
  ])('tells pods of equal labels apart by their %s', (_what, ingress) => {
    const snapshot = twinsWith(ingress);
    expect(snapshot.diagnostics).toEqual([]);
    const matrix = computeMatrix(snapshot, { ports: [{ protocol: 6, port: 80 }] });
    expect(matrixOutcome(matrix, 'shop/one', 'shop/server', 0)).toBe('allow');
    expect(matrixOutcome(matrix, 'shop/two', 'shop/server', 0)).toBe('deny');
  });
});
