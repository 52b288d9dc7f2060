import type { Node } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import type { DaemonSet } from '../../src/controllers/workloads/workload.ts';
import { engineDaemonSet } from '../../src/engine-pods/engine-daemon-sets.ts';
import { planEngineSets } from '../../src/engine-pods/plan-engine-sets.ts';

function node(engine: string | undefined, { system = 'linux', version = 'v1.34.4' } = {}): Node {
  const labels = { 'kubernetes.io/os': system, ...(engine === undefined ? {} : { 'weir.local/engine': engine }) };
  return { metadata: { name: `${engine}-${system}-${version}`, labels }, status: { nodeInfo: { kubeletVersion: version } } };
}

const names = (sets: readonly DaemonSet[]): readonly (string | undefined)[] => sets.map(({ metadata }) => metadata.name);

function made(engine: 'azure' | 'calico' | 'cilium', system: 'linux' | 'windows' = 'linux', minor = 34): DaemonSet {
  const set = engineDaemonSet({ engine, system, minor });
  if (set === undefined) throw new Error(`${engine} has no DaemonSet on ${system}`);
  return set;
}

describe('the DaemonSets of engines', () => {
  it.each([
    ['azure', ['azure-npm', 'azure-npm-win']],
    ['calico', ['calico-node', 'calico-node-windows']],
    ['cilium', ['cilium']],
    ['kubernetes', []],
    ['none of them', []],
    [undefined, []],
  ])('of %s are %j, one for each system of its nodes', (engine, expected) => {
    expect(names(planEngineSets([node(engine), node(engine), node(engine, { system: 'windows' })], []).create)).toEqual(expected);
  });

  it('come in the version of the newest nodes, and only when a node has said its version', () => {
    expect(planEngineSets([{ metadata: { name: 'new', labels: { 'weir.local/engine': 'azure' } } }], []).create).toEqual([]);
    const older = made('cilium', 'linux', 33);
    const { create, update } = planEngineSets([node('cilium', { version: 'v1.33.9' }), node('cilium')], [older]);
    expect([create, update]).toEqual([[], [made('cilium')]]);
    expect(planEngineSets([node('cilium', { version: 'v1.33.9' })], [older]).update).toEqual([]);
  });

  it('stay as people have changed them, apart from the image', () => {
    const set = made('calico');
    const restarted = {
      metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-26T10:00:00Z' } },
      spec: { containers: [] },
    };
    const template = { ...set.spec?.template, metadata: restarted.metadata };
    const plan = planEngineSets([node('calico')], [{ ...set, spec: { ...set.spec, template } }]);
    expect(plan).toEqual({ create: [], update: [], remove: [] });
  });

  it('go with the last node of their engine, and only then', () => {
    const both = [made('azure'), made('azure', 'windows'), made('cilium')];
    expect(planEngineSets([node('azure'), node('cilium')], both).remove).toEqual([]);
    expect(planEngineSets([node('cilium')], both).remove).toEqual(['azure-npm', 'azure-npm-win']);
    expect(planEngineSets([node(undefined)], both).remove).toEqual(['azure-npm', 'azure-npm-win', 'cilium']);
  });

  it('stay while all nodes are being replaced, and a fake node is none', () => {
    expect(planEngineSets([], [made('azure')]).remove).toEqual([]);
    const fake = { metadata: { name: 'fake-1', labels: { 'weir.local/fake': 'true', 'kubernetes.io/os': 'linux' } } };
    expect(planEngineSets([fake], [made('azure')]).remove).toEqual([]);
  });

  it('that are somebody else’s stay, whatever their names', () => {
    const foreign = { ...made('azure'), metadata: { name: 'azure-npm', namespace: 'other', labels: { 'weir.local/engine': 'azure' } } };
    const unmarked = { ...made('azure'), metadata: { name: 'other', namespace: 'kube-system' } };
    expect(planEngineSets([node('cilium')], [foreign, unmarked]).remove).toEqual([]);
  });
});
