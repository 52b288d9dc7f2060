/** The kinds of Cilium against the real API server: who has them, and what it takes. */
import { isInvalid, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { generateWorld, withCiliumPolicies } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionsPath, installEngineKinds } from '../../src/engine-kinds/install-engine-kinds.ts';
import { policyDefinitionsOf } from '../../src/engine-kinds/policy-definitions.ts';
import { type ControlPlane, eventually, startControlPlane } from '../support/control-plane.ts';

const calico = { version: '3.30.0', plugin: 'kubenet', podCidrs: ['10.244.0.0/16'] } as const;
const of = (resource: string): ResourcePath => ({ group: 'cilium.io', version: 'v2', resource });
const policies: ResourcePath = { ...of('ciliumnetworkpolicies'), namespace: 'default' };
const clusterwide = of('ciliumclusterwidenetworkpolicies');

let plane: ControlPlane;
let client: KubeClient;
beforeAll(async () => {
  plane = await startControlPlane();
  ({ client } = plane);
  await installEngineKinds(client, 'cilium', calico);
  await eventually(async () => {
    await client.list(clusterwide);
    await client.list(policies);
  });
});
afterAll(async () => {
  await plane?.stop();
});

const object = (name: string, spec: object): KubeObject =>
  ({ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name, namespace: 'default' }, spec }) as KubeObject;

describe('the kinds of Cilium', () => {
  it('come with engines that read them, structural and served', async () => {
    const names = ['ciliumnetworkpolicies', 'ciliumclusterwidenetworkpolicies', 'ciliumcidrgroups'].map((plural) => `${plural}.cilium.io`);
    expect(policyDefinitionsOf('cilium').map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(names));
    expect(policyDefinitionsOf('kubernetes').map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(names));
    expect(policyDefinitionsOf('calico').map(({ metadata }) => metadata.name)).not.toContain(names[0]);
    const { items } = await client.list<KubeObject & { status?: { conditions?: { type: string; status: string }[] } }>(definitionsPath);
    for (const name of names) {
      const conditions = items.find(({ metadata }) => metadata.name === name)?.status?.conditions ?? [];
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
      expect(conditions.map(({ type }) => type)).not.toContain('NonStructuralSchema');
    }
  });

  it('take every policy that is enforced, and give it back unchanged', async () => {
    const made = [1, 2, 3].flatMap((seed) => withCiliumPolicies(generateWorld(seed), seed).ciliumPolicies);
    for (const [i, { spec, specs }] of made.entries()) {
      const rules = { ...(spec && { spec }), ...(specs && { specs }) };
      // A family of ICMP that nobody gives is filled in.
      if (JSON.stringify(rules).includes('icmps')) continue;
      const policy = { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', metadata: { name: `made-${i}` }, ...rules };
      await expect(client.create(clusterwide, policy as KubeObject)).resolves.toMatchObject(rules);
    }
  });

  it('fill in the family of ICMP', async () => {
    const spec = { endpointSelector: {}, ingress: [{ icmps: [{ fields: [{ type: 'EchoRequest' }] }] }] };
    await expect(client.create(policies, object('icmp', spec))).resolves.toMatchObject({
      spec: { ingress: [{ icmps: [{ fields: [{ type: 'EchoRequest', family: 'IPv4' }] }] }] },
    });
  });

  it.each<[string, object, string]>([
    ['a policy without a section', { endpointSelector: {} }, 'spec.ingress'],
    ['a policy with both selectors', { endpointSelector: {}, nodeSelector: {}, ingress: [{}] }, 'spec'],
    ['an entity that there is not', { endpointSelector: {}, ingress: [{ fromEntities: ['moon'] }] }, 'supported values: "all", "world"'],
    ['a port that is none', { endpointSelector: {}, ingress: [{ toPorts: [{ ports: [{ port: '70000' }] }] }] }, 'ports[0].port'],
    ['a type of ICMP that is none', { endpointSelector: {}, ingress: [{ icmps: [{ fields: [{ type: 'Hello' }] }] }] }, 'fields[0].type'],
  ])('refuse %s', async (_name, spec, expected) => {
    const refused = await client.create(policies, object('bad', spec)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isInvalid(refused)).toBe(true);
    expect(String(refused)).toContain(expected);
  });
});
