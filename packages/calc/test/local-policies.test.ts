/** Which policies select pods of the node, in the version that was last emitted. */
import type { NetworkPolicySpec } from '@weir/kube';
import { beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../src/index.ts';
import { attachmentOf, invalidPolicyOf, namespaceOf, podOf, policyOf } from './objects.ts';

const forApp: NetworkPolicySpec = { podSelector: { matchLabels: { app: 'x' } } };

describe('the policies that select pods of the node', () => {
  let engine: Engine;

  beforeEach(() => {
    engine = new Engine({ node: 'n1' });
    engine.upsertNamespace(namespaceOf('a'));
    engine.upsertPod(podOf('a/one', { labels: { app: 'x' }, ip: '10.0.0.3', node: 'n1' }));
    for (const source of engine.sources) engine.setInSync(source);
  });

  const upsert = (place: string, spec: NetworkPolicySpec, generation: number): void => {
    const policy = policyOf(place, spec);
    engine.upsertNetworkPolicy({ ...policy, metadata: { ...policy.metadata, generation } });
  };
  const listed = (): string[] =>
    engine.localPolicies().map(({ policy, generation, endpoints }) => `${policy.name} ${generation ?? '-'} ${endpoints}`);

  it('are listed with their generation and the number of pods, once they are emitted and not before', () => {
    engine.flush();
    upsert('a/p', forApp, 1);
    expect(listed()).toEqual([]);
    engine.flush();
    expect(listed()).toEqual(['p 1 1']);
    upsert('a/p', { ...forApp, policyTypes: ['Egress'] }, 2);
    expect(listed()).toEqual(['p 1 1']);
    engine.flush();
    expect(listed()).toEqual(['p 2 1']);
    engine.deleteNetworkPolicy('a', 'p');
    engine.flush();
    expect(listed()).toEqual([]);
  });

  it('are compiled once a version; what selects nobody here is not kept compiled', () => {
    upsert('a/p', forApp, 1);
    upsert('a/other', { podSelector: { matchLabels: { app: 'y' } } }, 1);
    engine.flush();
    expect(engine.work.policiesCompiled).toBe(2);
    upsert('a/p', { ...forApp, policyTypes: ['Egress'] }, 2);
    engine.flush();
    expect(engine.work.policiesCompiled).toBe(3);
    engine.upsertPod(podOf('a/four', { labels: { app: 'y' }, ip: '10.0.0.11', node: 'n1' }));
    engine.flush();
    expect(engine.work.policiesCompiled).toBe(4);
  });

  it('count the pods that have their rules: one that was relabelled counts after the flush', () => {
    upsert('a/p', forApp, 1);
    engine.upsertPod(podOf('a/three', { labels: { app: 'y' }, ip: '10.0.0.9', node: 'n1' }));
    engine.upsertPod(podOf('a/remote', { labels: { app: 'x' }, ip: '10.0.0.10', node: 'n2' }));
    engine.flush();
    expect(listed()).toEqual(['p 1 1']);
    engine.upsertPod(podOf('a/three', { labels: { app: 'x' }, ip: '10.0.0.9', node: 'n1' }));
    expect(listed()).toEqual(['p 1 1']);
    engine.flush();
    expect(listed()).toEqual(['p 1 2']);
    engine.attach(attachmentOf('a/four', '10.0.0.11'));
    engine.upsertPod(podOf('a/four', { labels: { app: 'x' }, node: 'n1' }));
    engine.flush();
    expect(listed()).toEqual(['p 1 3']);
  });

  it('stand with the accepted generation while a newer one is refused, and with none when they are closed', () => {
    upsert('a/p', forApp, 1);
    engine.flush();
    const refused = invalidPolicyOf('a/p', forApp);
    engine.upsertNetworkPolicy({ ...refused, metadata: { ...refused.metadata, generation: 2 } });
    engine.upsertNetworkPolicy(invalidPolicyOf('a/q', forApp));
    engine.flush();
    expect(listed().sort()).toEqual(['p 1 1', 'q - 1']);
  });

  it('change the count of changes, which what does not concern them leaves alone', () => {
    upsert('a/p', forApp, 1);
    engine.flush();
    const before = engine.policyChanges;
    engine.upsertPod(podOf('a/remote', { labels: { app: 'x' }, ip: '10.0.0.10', node: 'n2' }));
    upsert('a/p', forApp, 1);
    engine.flush();
    expect(engine.policyChanges).toBe(before);
    engine.upsertPod(podOf('a/one', { labels: { app: 'z' }, ip: '10.0.0.3', node: 'n1' }));
    engine.flush();
    expect(engine.policyChanges).toBeGreaterThan(before);
    engine.upsertNetworkPolicy(invalidPolicyOf('b/p'));
    expect(engine.refusedPolicies()).toHaveLength(1);
  });
});
