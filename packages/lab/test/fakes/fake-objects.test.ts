import { builtInResources, type KubeObject, type Node, type Pod, ResourceRegistry } from '@weir/kube';
import { cidrContains, parseAddress, parseCidr } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { planCluster } from '../../src/cluster/cluster-config.ts';
import { fakeBlocks, fakeNodeAddresses, fakePodAddresses } from '../../src/fakes/fake-addresses.ts';
import { fakeNodesMax, fakePodsPerNodeMax, fakesProblem, noFakes, planFakes } from '../../src/fakes/fake-counts.ts';
import { fakeObjects } from '../../src/fakes/fake-objects.ts';

const counts = { nodes: 250, pods: 20_000, policies: 2_000 };
const objects = [...fakeObjects({ counts, dualStack: true, certificateAuthority: 'pem' })];
const of = <T extends KubeObject>(kind: string): T[] => objects.filter((object) => object.kind === kind) as T[];
const pods = of<Pod>('Pod');

function isInside(text: string, blocks: readonly string[]): boolean {
  const address = parseAddress(text);
  return blocks.some((block) => {
    const cidr = parseCidr(block);
    return address !== undefined && cidr !== undefined && cidrContains(cidr, address);
  });
}

describe('fake objects', () => {
  it('are as many as asked for, each with a name of its own', () => {
    expect([of('Node'), pods, of('NetworkPolicy')].map((list) => list.length)).toEqual([250, 20_000, 2_000]);
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('have addresses of their own, which no real node or pod can have', () => {
    const fakeAddresses = [
      ...pods.flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)),
      ...of<Node>('Node').flatMap(({ status }) => (status?.addresses ?? []).slice(0, 2).map(({ address }) => address)),
    ];
    expect(new Set(fakeAddresses).size).toBe(2 * (20_000 + 250));
    const shape = { name: 'lab', nodes: 250, engine: 'none' as const, standIn: false, dualStack: true, fakes: noFakes };
    const real = planCluster(shape, 1, []).nodes.flatMap(({ addresses, podBlocks }) => [...podBlocks, ...addresses.map(hostBlock)]);
    const sample = fakeAddresses.filter((_, i) => i % 97 === 0);
    expect(sample.filter((address) => !isInside(address, fakeBlocks) || isInside(address, real))).toEqual([]);
  });

  it('fit the largest number that is allowed into their addresses', () => {
    expect(fakesProblem({ nodes: fakeNodesMax, pods: fakeNodesMax * fakePodsPerNodeMax, policies: 0 })).toBeUndefined();
    const last = fakeNodeAddresses(fakeNodesMax - 1, true);
    const pod = fakePodAddresses(fakeNodesMax - 1, fakePodsPerNodeMax - 1, true);
    expect([...last.addresses, ...pod].every((address) => isInside(address, fakeBlocks))).toBe(true);
    expect(pod.every((address) => isInside(address, last.podBlocks))).toBe(true);
  });

  it('have pods on the node whose block their address is from', () => {
    const blockOf = new Map(of<Node>('Node').map(({ metadata, spec }) => [metadata.name, spec?.podCIDRs ?? []]));
    const strays = pods.filter(({ spec, status }) => !isInside(status?.podIP ?? '', blockOf.get(spec?.nodeName) ?? []));
    expect(strays).toEqual([]);
  });

  it('have thousands of label sets, but few values that policies select by', () => {
    const sets = new Set(pods.map(({ metadata }) => JSON.stringify(metadata.labels)));
    expect(sets.size).toBeGreaterThan(5_000);
    expect(new Set(pods.map(({ metadata }) => metadata.labels?.['app'])).size).toBe(40);
  });

  it('are valid in the eyes of the API server', () => {
    const registry = new ResourceRegistry(builtInResources);
    for (const object of objects.filter((_, i) => i % 13 === 0)) {
      const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse();
      const definition = registry.findKind({ group, version, kind: object.kind ?? '' });
      expect(definition?.validate(definition.defaults(structuredClone({ ...object })))).toEqual([]);
    }
  });
});

describe('the number of fake objects', () => {
  it('of nodes follows from the pods when it is left open', () => {
    expect(planFakes({ nodes: undefined, pods: 20_000, policies: undefined })).toEqual({ nodes: 250, pods: 20_000, policies: 0 });
    expect(planFakes({ nodes: undefined, pods: undefined, policies: undefined })).toEqual(noFakes);
  });

  it('is refused with what to do when the pods do not fit on the nodes', () => {
    expect(fakesProblem({ nodes: 1, pods: 251, policies: 0 })).toMatch(/give --fake-nodes 2/);
    expect(fakesProblem({ nodes: fakeNodesMax + 1, pods: 0, policies: 0 })).toMatch(/at most 1000 fake nodes/);
  });
});

function hostBlock(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}
