/** Services as ends of rules: the engine follows their EndpointSlices, and 10 000 endpoints are no trouble. */
import type { KubeObject } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { Engine, stateOf } from '../../src/index.ts';
import { namespaceOf, podOf } from '../objects.ts';
import { membersOf, rulesOf } from './engine-scene.ts';

const slices = 'endpointslices.discovery.k8s.io';

function slice(name: string, addresses: readonly string[], service = 's'): KubeObject {
  return {
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }, { port: 'none' }],
  } as KubeObject;
}

function engineWith(...told: readonly KubeObject[]): Engine {
  const engine = new Engine({ node: 'n1', target: enforcementTarget('calico') });
  engine.upsertNamespace(namespaceOf('shop'));
  engine.upsertPod(podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' }));
  engine.upsertPolicyObject('networkpolicies.crd.projectcalico.org', {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { egress: [{ action: 'Allow', destination: { services: { name: 's' } } }] },
  } as KubeObject);
  for (const one of told) engine.upsertPolicyObject(slices, one);
  for (const source of engine.sources) engine.setInSync(source);
  engine.flush();
  return engine;
}

function members(engine: Engine): string[] {
  const [rule] = rulesOf(stateOf(engine), 'uid-shop/web', 'egress');
  return membersOf(stateOf(engine), rule?.peer[0]?.set);
}

describe('services as ends of rules', () => {
  it('are the addresses of all their slices, as these come, change and go', () => {
    const engine = engineWith(slice('s-1', ['10.1.0.1', 'no address']), slice('s-2', ['10.1.0.2']), slice('t-1', ['10.1.0.3'], 't'));
    expect(members(engine)).toEqual(['10.1.0.1', '10.1.0.2']);
    engine.upsertPolicyObject(slices, slice('s-1', ['10.1.0.4']));
    engine.flush();
    expect(members(engine)).toEqual(['10.1.0.2', '10.1.0.4']);
    engine.upsertPolicyObject(slices, slice('s-1', ['10.1.0.4'], 't'));
    engine.flush();
    expect(members(engine)).toEqual(['10.1.0.2']);
    engine.deletePolicyObject(slices, 'shop', 's-2');
    engine.flush();
    expect(members(engine)).toEqual([]);
  });

  it('cost what changes: one slice of a service with 10 000 endpoints changes the addresses of that slice', () => {
    const addresses = (of: number): string[] => Array.from({ length: 100 }, (_, i) => `10.${2 + (of >> 8)}.${of & 255}.${i}`);
    const engine = engineWith(...Array.from({ length: 100 }, (_, i) => slice(`s-${i}`, addresses(i))));
    expect(members(engine)).toHaveLength(10_000);
    engine.upsertPolicyObject(slices, slice('s-7', addresses(200)));
    const { addresses: change, ...others } = engine.flush();
    expect([change.upserts.length, change.removals.length]).toEqual([100, 100]);
    expect([others.programs.upserts, others.peerSets.upserts, others.classes.upserts]).toEqual([[], [], []]);
  });
});
