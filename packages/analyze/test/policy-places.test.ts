/** Files, lines and names in what is said of the policies of every API. */
import { formatManifest, type KubeObject, parseManifest } from '@weir/kube';
import { engineProfiles, renderVerdict, verdictToJson } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

function snapshotOf(text: string, file: string): Snapshot {
  const { documents, diagnostics } = parseManifest(text, file);
  expect(diagnostics).toEqual([]);
  return loadSnapshot(documents, { profile: engineProfiles.kubernetes });
}

const refused = `apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: a, namespace: x}
  spec:
    podSelector: {}
    ingress:
    - form: 1
- apiVersion: projectcalico.org/v3
  kind: NetworkPolicy
  metadata: {name: a, namespace: x}
  spec:
    ingress:
    - action: Allow
      source:
        nets: [10.0.0.0/33]
- apiVersion: projectcalico.org/v3
  kind: GlobalNetworkPolicy
  metadata: {name: a}
  spec:
    ingress:
    - action: Allow
      http: {methods: [GET]}
- apiVersion: projectcalico.org/v3
  kind: StagedKubernetesNetworkPolicy
  metadata: {name: a, namespace: x}
  spec:
    podSelector: {}
    ingress:
    - form: 1
- apiVersion: projectcalico.org/v3
  kind: HostEndpoint
  metadata: {name: a}
  spec:
    node: node1
    interfaceName: eth0
    planet: mars
- apiVersion: cilium.io/v2
  kind: CiliumNetworkPolicy
  metadata: {name: a, namespace: x}
  specs:
  - endpointSelector: {}
    ingress:
    - fromEndpoints: [{}]
  - endpointSelector: {}
    egress:
    - toCIDRSet:
      - cidr: 10.0.0.0/8
        except:
        - 11.0.0.0/8
- apiVersion: policy.networking.k8s.io/v1alpha2
  kind: ClusterNetworkPolicy
  metadata: {name: a}
  spec:
    tier: Admin
    priority: 1
    subject: {namespaces: {}}
    ingress:
    - action: Accept
      from:
      - namespaces: {}
        planet: mars
- apiVersion: policy.networking.k8s.io/v1alpha1
  kind: BaselineAdminNetworkPolicy
  metadata: {name: default}
  spec:
    subject: {namespaces: {}}
    ingress:
    - action: Allow
      form: 1
      from: [{namespaces: {}}]
`;

/** The refused fields of the file with the text of the line that each is said to be in. */
function placesIn(text: string, file: string): string[] {
  const lines = text.split('\n');
  return snapshotOf(text, file)
    .diagnostics.filter(({ field, severity }) => severity === 'error' && field !== undefined)
    .map(
      ({ object, field, position }) =>
        `${object} ${field}: ${position?.file} ${lines[(position?.line ?? 0) - 1]?.trim().replace(/,$/, '')}`,
    )
    .sort();
}

describe('a refused field', () => {
  const fields: readonly (readonly [string, string, string])[] = [
    ['BaselineAdminNetworkPolicy default spec.ingress[0].form', 'form: 1', '"form": 1'],
    ['CiliumNetworkPolicy x/a specs[1].egress[0].toCIDRSet[0].except[0]', '- 11.0.0.0/8', '"11.0.0.0/8"'],
    ['ClusterNetworkPolicy a spec.ingress[0].from[0].planet', 'planet: mars', '"planet": "mars"'],
    ['GlobalNetworkPolicy a spec.ingress[0].http', 'http: {methods: [GET]}', '"http": {'],
    ['HostEndpoint a spec.planet', 'planet: mars', '"planet": "mars"'],
    ['NetworkPolicy x/a spec.ingress[0].form', '- form: 1', '"form": 1'],
    ['NetworkPolicy x/a spec.ingress[0].source.nets[0]', 'nets: [10.0.0.0/33]', '"10.0.0.0/33"'],
    ['StagedKubernetesNetworkPolicy x/a spec.ingress[0].form', '- form: 1', '"form": 1'],
  ];

  it('of each API is told with its line in YAML, in lists and in the second of several specs', () => {
    expect(placesIn(refused, 'a.yaml')).toEqual(fields.map(([field, yaml]) => `${field}: a.yaml ${yaml}`));
  });

  it('of each API is told with its line in JSON', () => {
    const { documents } = parseManifest(refused, 'a.yaml');
    const list = { apiVersion: 'v1', kind: 'List', items: documents.map(({ object }) => object) };
    expect(placesIn(JSON.stringify(list, null, 1), 'a.json')).toEqual(fields.map(([field, , json]) => `${field}: a.json ${json}`));
  });
});

const pods: readonly KubeObject[] = ['client', 'server'].map((name, i) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'x', labels: { app: name } },
  spec: { nodeName: 'node1', containers: [] },
  status: { phase: 'Running', podIPs: [{ ip: `10.0.0.${i + 1}` }] },
}));
const labels = { matchLabels: { app: 'client' } };
const administrators = { subject: { namespaces: {} }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] };

describe('the rule that decides', () => {
  it.each<[string, string, string, object, string]>([
    [
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'default',
      { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
      'ingress[0].from[0]',
    ],
    ['projectcalico.org/v3', 'NetworkPolicy', 'default', { ingress: [{ action: 'Log' }, { action: 'Deny' }] }, 'ingress[1]'],
    ['projectcalico.org/v3', 'GlobalNetworkPolicy', 'security', { tier: 'security', ingress: [{ action: 'Deny' }] }, 'ingress[0]'],
    [
      'cilium.io/v2',
      'CiliumNetworkPolicy',
      'cilium-deny',
      { endpointSelector: {}, ingressDeny: [{ fromEndpoints: [{}] }] },
      'ingressDeny[0].fromEndpoints[0]',
    ],
    [
      'cilium.io/v2',
      'CiliumClusterwideNetworkPolicy',
      'default',
      { endpointSelector: {}, ingress: [{ fromEntities: ['world'] }, { fromEndpoints: [labels] }] },
      'ingress[1].fromEndpoints[0]',
    ],
    [
      'policy.networking.k8s.io/v1alpha2',
      'ClusterNetworkPolicy',
      'kube-admin',
      { ...administrators, tier: 'Admin', priority: 1 },
      'ingress[0].from[0]',
    ],
    ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', 'kube-admin', { ...administrators, priority: 1 }, 'ingress[0].from[0]'],
    ['policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy', 'kube-baseline', administrators, 'ingress[0].from[0]'],
  ])('is told of %s %s with its tier %s, its place, and file and line', (apiVersion, kind, tier, spec, place) => {
    const name = kind.startsWith('Baseline') ? 'default' : tier === 'security' ? 'security.p' : 'p';
    const policy = { apiVersion, kind, metadata: { name, namespace: 'x' }, spec } as KubeObject;
    const security = { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'security' }, spec: { order: 1 } } as KubeObject;
    const text = formatManifest([...pods, security, policy]);
    const explained = explainFlow(snapshotOf(text, 'why.yaml'), { source: 'x/client', destination: 'x/server', protocol: 'TCP', port: 80 });
    const [verdict] = explained.kind === 'answered' ? explained.verdicts : [];
    expect(verdict).toBeDefined();
    if (verdict === undefined) return;
    const { decidedBy } = verdictToJson(verdict).ingress;
    expect(decidedBy).toMatchObject({ reason: 'rule', tier, kind, name, file: 'why.yaml' });
    const line = decidedBy !== undefined && 'line' in decidedBy ? (decidedBy.line ?? 0) : 0;
    expect(text.split('\n').slice(0, line).join('\n')).toContain(`kind: ${kind}\n`);
    const words = renderVerdict(verdict).join('\n');
    expect(words).toContain(`rule ${place} of ${kind} `);
    expect(words).toContain(`(why.yaml:${line})`);
    expect(words).toContain(tier === 'default' ? 'matches' : ` of tier ${tier}`);
  });
});
