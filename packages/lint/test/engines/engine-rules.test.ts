/** What is said of policies that engines do not read, refuse, or read otherwise, and of clusters that are too large for one. */
import type { EngineName, OperatingSystem } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { type LintTextOptions, lintText } from '../lint-text.ts';

const onlyRules = ['engine-support', 'engine-difference', 'engine-scale', 'policy-map-size'];

function pod(name: string, address: string, { windows = false, node = 'n1' } = {}): string {
  const selector = windows ? 'nodeSelector: {kubernetes.io/os: windows}, ' : '';
  return `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}
spec: {${selector}nodeName: ${node}, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: ${address}, hostIP: 192.168.0.1}
`;
}

function policy(name: string, spec: string): string {
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
}

const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n';
const pods = pod('web', '10.0.0.1') + pod('front', '10.0.0.2', { node: 'n2' });

function said(text: string, options: LintTextOptions): string[] {
  return lintText(namespace + text, { onlyRules, ...options }).map(({ rule, field, message }) => `${rule} ${field ?? ''}: ${message}`);
}

const features = {
  port: '{podSelector: {}, ingress: [{ports: [{port: http}]}]}',
  sctp: '{podSelector: {}, ingress: [{ports: [{port: 80, protocol: SCTP}]}]}',
  negative: '{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [x]}]}}',
  except: '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 1.0.0.0/8, except: [1.2.0.0/16]}}]}]}',
  ipv6: '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: "2001:db8::/32"}}]}]}',
} as const;

/** Which of the features an engine refuses on a system. */
function refused(engine: EngineName, system: OperatingSystem): string[] {
  return Object.entries(features).flatMap(([name, spec]) => {
    const lines = said(pods + policy('p', spec), { engines: [engine], systems: [system] });
    return lines.some((line) => line.startsWith('engine-support')) ? [name] : [];
  });
}

describe('engines and systems that policies are looked at for', () => {
  it('refuse what they lack, each on each system', () => {
    expect(refused('azure', 'linux')).toEqual(['ipv6']);
    expect(refused('azure', 'windows')).toEqual(['port', 'sctp', 'negative', 'except', 'ipv6']);
    expect(refused('calico', 'linux')).toEqual([]);
    expect(refused('calico', 'windows')).toEqual(['port', 'sctp', 'except', 'ipv6']);
    expect(refused('cilium', 'linux')).toEqual([]);
  });

  it('say with the field what becomes of the policy, which differs by engine', () => {
    const portOf = (engine: EngineName): string[] => said(pods + policy('p', features.port), { engines: [engine], systems: ['windows'] });
    expect(portOf('azure')).toEqual([
      'engine-support spec.ingress[0].ports[0].port: Azure network policy manager does not support named ports on Windows: the whole policy is not enforced',
    ]);
    expect(portOf('calico')).toEqual([
      'engine-support spec.ingress[0].ports[0].port: Calico does not support named ports on Windows: the whole policy is refused, and its pods are closed',
    ]);
  });

  it('look in a cluster of both systems at the policies alone that select pods of each', () => {
    const mixed = pods + pod('win', '10.0.0.3', { windows: true, node: 'w1' });
    const ofPod = (app: string): string[] =>
      said(mixed + policy('p', `{podSelector: {matchLabels: {app: ${app}}}, ingress: [{ports: [{port: http}]}]}`), { engines: ['calico'] });
    expect(ofPod('web')).toEqual([]);
    expect(ofPod('win')).toHaveLength(1);
  });

  it('do not read the policies of others, and do not run on every system', () => {
    const calico =
      '---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: g}\nspec: {ingress: [{action: Deny}]}\n';
    expect(said(pods + calico, { engines: ['azure', 'calico', 'cilium'] })).toEqual([
      expect.stringContaining('engine-support : Azure Network Policy Manager does not read policies of projectcalico.org/v3'),
      expect.stringContaining('engine-support : Cilium does not read policies of projectcalico.org/v3'),
    ]);
    expect(said(pod('win', '10.0.0.3', { windows: true }), { engines: ['cilium'] })).toEqual([
      'engine-support : Cilium does not run on Windows, where 1 pod is: nothing is enforced there',
    ]);
  });

  it('read blocks, names of ports and the own node otherwise, which is told with the connections that change', () => {
    const block = policy('p', '{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}');
    expect(said(pods + block, { engines: ['cilium'] })).toEqual([
      expect.stringMatching(
        /^engine-difference spec\.ingress\[0\]\.from\[0\]\.ipBlock: with Cilium an ipBlock never means pods, with the specification it does: Cilium denies all traffic from shop\/front to shop\/web/,
      ),
    ]);
    expect(said(pods + block, { engines: ['azure', 'calico'] })).toEqual([]);
    const shut = policy('p', '{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}');
    const node = '---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 192.168.0.1}]}\n';
    expect(said(node + pods + shut, { engines: ['azure'] })).toEqual([
      expect.stringContaining('a pod reaches its own node whatever its egress rules say'),
    ]);
  });

  it('bear so many nodes and pods and no more, workloads with all their replicas', () => {
    const deployment = (replicas: number): string =>
      `---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: shop}\nspec: {replicas: ${replicas}, selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d}}, spec: {containers: [{name: c}]}}}\n`;
    expect(said(deployment(20_000), { profile: 'azure' })).toEqual([]);
    expect(said(deployment(20_001), { profile: 'azure' })).toEqual([
      expect.stringContaining('there are 20001 pods; Azure Network Policy Manager bears 20000'),
    ]);
    expect(said(deployment(20_001), { engines: ['calico', 'cilium'] })).toEqual([]);
    const nodes = Array.from({ length: 251 }, (_, i) => `---\napiVersion: v1\nkind: Node\nmetadata: {name: n${i}}\n`).join('');
    expect(said(nodes, { engines: ['azure'] })).toEqual([
      expect.stringContaining('there are 251 nodes; Azure Network Policy Manager bears 250'),
    ]);
  });
});
