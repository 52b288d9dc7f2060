/** The kinds of administrators' policies against the real API server: who has them, and what it takes. */
import { isInvalid, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionsPath, installEngineKinds } from '../../src/engine-kinds/install-engine-kinds.ts';
import { policyDefinitionsOf } from '../../src/engine-kinds/policy-definitions.ts';
import { type ControlPlane, eventually, startControlPlane } from '../support/control-plane.ts';

const group = 'policy.networking.k8s.io';
const calico = { version: '3.30.0', plugin: 'kubenet', podCidrs: ['10.244.0.0/16'] } as const;
const clusterNetworkPolicies: ResourcePath = { group, version: 'v1alpha2', resource: 'clusternetworkpolicies' };
const adminNetworkPolicies: ResourcePath = { group, version: 'v1alpha1', resource: 'adminnetworkpolicies' };
const baselines: ResourcePath = { group, version: 'v1alpha1', resource: 'baselineadminnetworkpolicies' };

type Definition = KubeObject & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

let plane: ControlPlane;
let client: KubeClient;
beforeAll(async () => {
  plane = await startControlPlane();
  ({ client } = plane);
  await installEngineKinds(client, 'kubernetes', calico);
  await eventually(async () => {
    const established = (await ofAdministrators())
      .flatMap(({ status }) => status?.conditions ?? [])
      .filter(({ type }) => type === 'Established');
    expect(established).toHaveLength(3);
  });
});
afterAll(async () => {
  await plane?.stop();
});

/** The definitions of their group, which does not come alone. */
async function ofAdministrators(): Promise<readonly Definition[]> {
  const { items } = await client.list<Definition>(definitionsPath);
  return items.filter(({ metadata }) => metadata.name?.endsWith(`.${group}`) === true);
}

const everyPod = { namespaces: {} };
const object = (kind: string, name: string, spec: object): KubeObject =>
  ({ apiVersion: `${group}/${kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1'}`, kind, metadata: { name }, spec }) as KubeObject;
const policy = (name: string, spec: object): KubeObject =>
  object('ClusterNetworkPolicy', name, { tier: 'Admin', priority: 1, subject: everyPod, ...spec });

describe('the kinds of administrators', () => {
  it('come with engines that read them, and are approved, structural and served', async () => {
    expect(policyDefinitionsOf('azure')).toEqual([]);
    expect(policyDefinitionsOf('calico').map(({ metadata }) => metadata.name)).toContain('clusternetworkpolicies.policy.networking.k8s.io');
    const items = await ofAdministrators();
    for (const { metadata, status } of items) {
      const conditions = Object.fromEntries((status?.conditions ?? []).map((each) => [each.type, each.status]));
      expect(conditions, metadata.name).toMatchObject({ Established: 'True', KubernetesAPIApprovalPolicyConformant: 'True' });
      expect(conditions['NonStructuralSchema'], metadata.name).toBeUndefined();
    }
    expect(items).toHaveLength(3);
  });

  it('take what the API allows, and fill in what it defaults', async () => {
    const rules = { ingress: [{ action: 'Pass', from: [everyPod] }] };
    await expect(client.create(clusterNetworkPolicies, policy('fine', rules))).resolves.toMatchObject({ spec: rules });
    const ports = [{ portNumber: { port: 80 } }];
    const admin = object('AdminNetworkPolicy', 'fine', {
      priority: 0,
      subject: everyPod,
      ingress: [{ action: 'Deny', from: [everyPod], ports }],
    });
    await expect(client.create(adminNetworkPolicies, admin)).resolves.toMatchObject({
      spec: { ingress: [{ ports: [{ portNumber: { port: 80, protocol: 'TCP' } }] }] },
    });
  });

  it.each<[string, ResourcePath, KubeObject, string]>([
    [
      'a range that ends before it starts',
      clusterNetworkPolicies,
      policy('range', {
        ingress: [{ action: 'Deny', from: [everyPod], protocols: [{ tcp: { destinationPort: { range: { start: 90, end: 80 } } } }] }],
      }),
      'Start port must be less than End port',
    ],
    [
      'a block that is none',
      clusterNetworkPolicies,
      policy('block', { egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0'] }] }] }),
      'Invalid CIDR format provided',
    ],
    [
      'a named port of blocks',
      clusterNetworkPolicies,
      policy('named', {
        egress: [{ action: 'Deny', to: [{ networks: ['10.0.0.0/8'] }], protocols: [{ destinationNamedPort: 'web' }] }],
      }),
      'networks/nodes/domainNames peer cannot be set with namedPorts',
    ],
    ['a second baseline', baselines, object('BaselineAdminNetworkPolicy', 'second', { subject: everyPod }), 'Only one baseline'],
    [
      'an action that there is not',
      adminNetworkPolicies,
      object('AdminNetworkPolicy', 'action', { priority: 1, subject: everyPod, ingress: [{ action: 'Accept', from: [everyPod] }] }),
      'supported values: "Allow", "Deny", "Pass"',
    ],
  ])('refuse %s', async (_name, path, bad, expected) => {
    const refused = await client.create(path, bad).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isInvalid(refused)).toBe(true);
    expect(String(refused)).toContain(expected);
  });
});
