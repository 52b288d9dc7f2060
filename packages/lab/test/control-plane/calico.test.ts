/** The kinds of Calico against the real API server: they are served, hold what they should to their schemas, and come with the engine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubeClient, nodesPath, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calicoDefinitions } from '../../src/calico/calico-definitions.ts';
import { calicoReasonToKeep } from '../../src/calico/calico-guard.ts';
import { followEngines } from '../../src/engine-kinds/follow-engines.ts';
import { policyDefinitionsOf } from '../../src/engine-kinds/policy-definitions.ts';
import { type ControlPlane, eventually, startControlPlane } from '../support/control-plane.ts';

const definitionsPath: ResourcePath = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const settings = { version: '3.30.0', plugin: 'kubenet', podCidrs: ['10.244.0.0/16'] } as const;
const log = pino({ level: 'silent' });

let plane: ControlPlane;
let client: KubeClient;
beforeAll(async () => {
  plane = await startControlPlane();
  ({ client } = plane);
});
afterAll(async () => {
  await plane?.stop();
});

const calico = (resource: string, namespace?: string): ResourcePath => ({
  group: 'crd.projectcalico.org',
  version: 'v1',
  resource,
  ...(namespace === undefined ? {} : { namespace }),
});
const installations: ResourcePath = { group: 'operator.tigera.io', version: 'v1', resource: 'installations' };

type Definition = KubeObject & {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

describe('the kinds of Calico', () => {
  it('are not there before a node has Calico, and all of them are afterwards', async () => {
    const follower = followEngines({ client, calico: settings, log });
    try {
      expect((await client.list(definitionsPath)).items).toEqual([]);
      await client.patch(nodesPath, 'node1', { metadata: { labels: { 'weir.local/engine': 'calico' } } }, { type: 'merge' });
      await eventually(async () => {
        const { items } = await client.list<Definition>(definitionsPath);
        expect(items).toHaveLength(calicoDefinitions.length + policyDefinitionsOf('calico').length);
        for (const { metadata, status } of items) {
          expect(status?.conditions?.find(({ type }) => type === 'Established')?.status, metadata.name).toBe('True');
          expect(
            status?.conditions?.find(({ type }) => type === 'NonStructuralSchema'),
            metadata.name,
          ).toBeUndefined();
        }
      });
      await eventually(async () => {
        expect(await client.get(installations, 'default')).toMatchObject({
          spec: {
            variant: 'Calico',
            kubernetesProvider: 'AKS',
            cni: { type: 'Calico', ipam: { type: 'HostLocal' } },
            calicoNetwork: { bgp: 'Disabled', ipPools: [{ cidr: '10.244.0.0/16', natOutgoing: 'Enabled' }] },
          },
          status: { variant: 'Calico', calicoVersion: 'v3.30.0' },
        });
      });
    } finally {
      await follower.stop();
    }
  });

  it('come with the objects that Calico itself keeps', async () => {
    await eventually(async () => {
      expect(await client.get(calico('tiers'), 'default')).toMatchObject({ spec: { order: 1_000_000, defaultAction: 'Deny' } });
      expect(await client.get(calico('clusterinformations'), 'default')).toMatchObject({
        spec: { calicoVersion: 'v3.30.0', datastoreReady: true },
      });
    });
  });

  it('say the version of Calico that comes with the newest Kubernetes among its nodes, also after an upgrade', async () => {
    const follower = followEngines({ client, calico: settings, log });
    const told = async (): Promise<unknown[]> => [
      (await client.get<KubeObject & { status: { calicoVersion: string } }>(installations, 'default')).status.calicoVersion,
      (await client.get<KubeObject & { spec: { calicoVersion: string } }>(calico('clusterinformations'), 'default')).spec.calicoVersion,
    ];
    try {
      for (const [kubeletVersion, version] of [
        ['v1.32.11', 'v3.29.0'],
        ['v1.34.4', 'v3.30.0'],
      ]) {
        await client.patch(nodesPath, 'node1', { status: { nodeInfo: { kubeletVersion } } }, { type: 'merge', subresource: 'status' });
        await eventually(async () => expect(await told()).toEqual([version, version]));
      }
    } finally {
      await follower.stop();
    }
  });

  it('hold policies to their schema and fill in the tier', async () => {
    const policy = (name: string, spec: object): KubeObject & { readonly spec: object } => ({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec,
    });
    const path = calico('networkpolicies', 'default');
    const ports = [80, '8000:8010', 'web'];
    const spec = {
      order: 0.5,
      selector: "app == 'web'",
      types: ['Ingress'],
      ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports } }],
    };
    expect(await client.create(path, policy('web', spec))).toMatchObject({ spec: { ...spec, tier: 'default' } });
    const wrong: readonly [object, RegExp][] = [
      [{ ingress: [{ action: 'Perhaps' }] }, /spec\.ingress\[0\]\.action.*Perhaps/],
      [{ ingress: [{}] }, /spec\.ingress\[0\]\.action: Required/],
      [{ types: ['Sideways'] }, /spec\.types\[0\]/],
      [{ selector: 'x'.repeat(1_025) }, /spec\.selector.*1024/],
      [{ egress: [{ action: 'Allow', icmp: { type: 255 } }] }, /icmp\.type/],
    ];
    for (const [bad, message] of wrong) await expect(client.create(path, policy('bad', bad))).rejects.toThrow(message);
  });
});

describe('what Calico needs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weirt-calico-'));
  const path = join(directory, 'cluster.json');
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const reason = (engine: string, group: string, resource: string, name: string, nodes: readonly object[] = []): string | undefined => {
    writeFileSync(path, JSON.stringify({ engine, nodes }));
    return calicoReasonToKeep(path, { group, resource, name });
  };
  const definition = ['apiextensions.k8s.io', 'customresourcedefinitions'] as const;

  it.each([
    [...definition, 'globalnetworkpolicies.crd.projectcalico.org'],
    [...definition, 'installations.operator.tigera.io'],
    ['operator.tigera.io', 'installations', 'default'],
    ['crd.projectcalico.org', 'felixconfigurations', 'default'],
    ['crd.projectcalico.org', 'tiers', 'adminnetworkpolicy'],
  ])('stays while Calico is the engine, of the cluster or of one node, and may go afterwards: %s %s %s', (group, resource, name) => {
    expect(reason('calico', group, resource, name)).toMatch(/^Calico enforces.*change the engine first/);
    expect(reason('none', group, resource, name, [{ name: 'a' }, { name: 'b', engine: 'calico' }])).toMatch(/^Calico enforces/);
    expect(reason('none', group, resource, name, [{ name: 'a' }])).toBeUndefined();
  });

  it.each([
    [...definition, 'ships.lab.example.com'],
    [...definition, 'other.crd.projectcalico.org'],
    ['crd.projectcalico.org', 'globalnetworkpolicies', 'default'],
    ['crd.projectcalico.org', 'tiers', 'mine'],
    ['operator.tigera.io', 'installations', 'mine'],
  ])('is nothing that people have made: %s %s %s', (group, resource, name) => {
    expect(reason('calico', group, resource, name)).toBeUndefined();
  });
});
