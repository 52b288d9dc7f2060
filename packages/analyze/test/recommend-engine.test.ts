import type { KubeObject } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { clusterTraits, comparedEngines, type EngineRecommendation, engineTable, recommendEngine } from '../src/index.ts';

const node = (name: string, os = 'linux'): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': os } },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.4' }] },
  }) as KubeObject;
const pod = (name: string, ip: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'x', name, labels: { app: name } },
    spec: { nodeName: 'n1' },
    status: { podIPs: [{ ip }] },
  }) as KubeObject;
const policy = (spec: object): KubeObject =>
  ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'x', name: 'p' }, spec }) as KubeObject;
const service = (spec: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'x', name: 's' }, spec }) as KubeObject;

const base = [node('n1'), pod('a', '10.1.0.1')];
const recommend = (...more: KubeObject[]): EngineRecommendation => recommendEngine(clusterTraits([...base, ...more]));
const fitOf = ({ engines }: EngineRecommendation, name: string) => engines.find(({ engine }) => engine === name);

describe('the recommended engine', () => {
  it('of a cluster of Linux nodes is Cilium, as the article says', () => {
    expect(recommend()).toMatchObject({ recommended: 'cilium', why: expect.stringContaining('the article recommends Cilium') });
  });

  it('of a cluster with Windows nodes is Calico, since Cilium does not run there', () => {
    const answer = recommend(node('w1', 'windows'));
    expect(answer).toMatchObject({ recommended: 'calico', why: expect.stringContaining('Windows nodes') });
    expect(fitOf(answer, 'cilium')?.against).toEqual(['Cilium runs on Linux only; the cluster has 1 Windows node']);
  });

  it('is none where Windows nodes meet a policy that nobody can express there, and the field is named', () => {
    const named = policy({ podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] });
    const answer = recommend(node('w1', 'windows'), named);
    expect(answer.recommended).toBeUndefined();
    expect(fitOf(answer, 'azure')?.against).toEqual([
      expect.stringMatching(/NetworkPolicy x\/p would be refused: spec\.ingress\[0\]\.ports\[0\]\.port: .*named ports/),
    ]);
  });

  it('is Calico, and not Azure NPM, where policies with negative selectors meet Windows nodes', () => {
    const but = policy({
      podSelector: {},
      ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'debug', operator: 'DoesNotExist' }] } }] }],
    });
    const answer = recommend(node('w1', 'windows'), but);
    expect(answer.recommended).toBe('calico');
    expect(fitOf(answer, 'azure')?.against).toEqual([
      expect.stringMatching(/x\/p would be refused: .*negative label or namespace selectors/),
    ]);
  });

  it('is Calico where the cluster uses its kinds', () => {
    const global = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name: 'g' } } as KubeObject;
    expect(recommend(global)).toMatchObject({ recommended: 'calico', why: expect.stringContaining('GlobalNetworkPolicy') });
  });

  it('is not Azure NPM with IPv6, or beyond its limits', () => {
    const against = (answer: EngineRecommendation): string => (fitOf(answer, 'azure')?.against ?? []).join('\n');
    expect(against(recommend())).toBe('');
    expect(against(recommend(pod('b', 'fd00::1')))).toMatch(/IPv6/);
    expect(against(recommend(...Array.from({ length: 250 }, (_, i) => node(`m${i}`))))).toMatch(
      /limited to 250 nodes; the cluster has 251/,
    );
  });

  it('comes with what will be different for the policies and services of the cluster', () => {
    const answer = recommend(
      policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }),
      service({ type: 'NodePort', selector: { app: 'a' }, ports: [{ port: 80 }] }),
    );
    expect(fitOf(answer, 'cilium')?.mind).toEqual([
      expect.stringContaining('those of x/p hold addresses of some'),
      expect.stringContaining('ends connections'),
    ]);
    expect(fitOf(answer, 'azure')?.mind).toEqual([
      expect.stringContaining('own node although x/p'),
      expect.stringContaining('traffic to x/s goes past'),
    ]);
    const local = recommend(
      service({ type: 'NodePort', externalTrafficPolicy: 'Local', selector: { app: 'a' } }),
      policy({ podSelector: {} }),
    );
    expect(fitOf(local, 'azure')?.mind).toEqual([]);
  });
});

describe('the table of engines', () => {
  it('has a text for every engine and for Weir in every row', () => {
    const table = engineTable();
    for (const row of table)
      for (const cell of [row.feature, row.weir, ...comparedEngines.map((engine) => row[engine])]) expect(cell).toMatch(/\w/);
    expect(new Set(table.map(({ feature }) => feature)).size).toBe(table.length);
  });

  it('names what AKS ships, until when, and what the article says of Calico on Windows', () => {
    const row = (feature: string) => engineTable().find((one) => one.feature === feature);
    expect(row('Version that ships')?.calico).toBe('3.28.0 from Kubernetes 1.30, 3.29.0 from Kubernetes 1.31, 3.30.0 from Kubernetes 1.33');
    expect(row('Windows nodes, in the article')?.calico).toMatch(/Kubernetes 1\.20 or newer with Calico 3\.17\.2.*have Floating IP/);
    expect(row('Retirement')?.azure).toBe('Windows 30 September 2026, Linux 30 September 2028');
    expect(row('Changed on a running cluster')?.cilium).toBe('not to another engine');
  });

  it('says of limits, families and behaviour what the profiles say', () => {
    const row = (feature: string) => engineTable().find((one) => one.feature === feature);
    const { limits } = engineProfiles.azure;
    expect(row('Scale')?.azure).toBe(`at most ${limits?.nodes} nodes and ${limits?.pods} pods on Linux, else it may run out of memory`);
    expect(row('IPv6')).toMatchObject({ azure: 'not supported', cilium: 'supported' });
    expect(row('ipBlock selects pods and nodes')?.cilium).toBe('never');
    expect(row('Pod to its own node')?.azure).toBe('always on Linux');
    expect(row('Not supported on Windows')?.azure).toBe('named ports, SCTP, negative selectors, except in ipBlock');
    expect(row('Not supported on Windows')?.calico).toMatch(/skips rules with named ports, except in ipBlock,/);
  });
});
