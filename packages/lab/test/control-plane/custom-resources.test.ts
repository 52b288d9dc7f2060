/** Custom resources and the controllers that treat all kinds alike, against the real API server. */
import { configMapsPath, isNotFound, type KubeClient, namespacesPath, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, eventually, makeNamespace, startControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  plane = await startControlPlane();
  ({ client } = plane);
}, 60_000);

afterAll(async () => {
  await plane?.stop();
});

const definitionsPath: ResourcePath = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

/** Defines a kind and waits until it is served; versions are named the preferred one first. */
async function define(plural: string, kind: string, versions: readonly string[]): Promise<void> {
  const name = `${plural}.lab.example.com`;
  await client.create(definitionsPath, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'lab.example.com',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: versions.map((version, i) => ({ name: version, served: true, storage: i === 0, schema })),
    },
  } as KubeObject);
  await eventually(async () => {
    await client.list(pathOf(plural, versions[0] ?? ''));
  });
}

function pathOf(resource: string, version: string, namespace?: string): ResourcePath {
  return { group: 'lab.example.com', version, resource, ...(namespace === undefined ? {} : { namespace }) };
}

function custom(
  kind: string,
  name: string,
  version: string,
  owner?: { readonly apiVersion: string; readonly object: KubeObject },
): KubeObject {
  const { object, apiVersion = '' } = owner ?? {};
  const reference = { apiVersion, kind: object?.kind ?? '', name: object?.metadata.name ?? '', uid: object?.metadata.uid ?? '' };
  return {
    apiVersion: `lab.example.com/${version}`,
    kind,
    metadata: { name, ...(object === undefined ? {} : { ownerReferences: [reference] }) },
  };
}

async function gone(path: ResourcePath, name: string): Promise<void> {
  await eventually(async () => {
    await expect(client.get(path, name)).rejects.toSatisfy(isNotFound);
  });
}

describe('objects of custom kinds', () => {
  it('go with their namespace, also those that are not served in the preferred version of their group', async () => {
    await define('ships', 'Ship', ['v1']);
    await define('boats', 'Boat', ['v1alpha1']);
    await makeNamespace(client, 'harbour');
    await client.create(pathOf('ships', 'v1', 'harbour'), custom('Ship', 'a', 'v1'));
    await client.create(pathOf('boats', 'v1alpha1', 'harbour'), custom('Boat', 'b', 'v1alpha1'));
    await client.delete(namespacesPath, 'harbour');
    await gone(namespacesPath, 'harbour');
    expect((await client.list(pathOf('ships', 'v1'))).items).toEqual([]);
    expect((await client.list(pathOf('boats', 'v1alpha1'))).items).toEqual([]);
  });

  it('own and are owned, in whatever version the owner is named', async () => {
    await define('captains', 'Captain', ['v2', 'v1']);
    await makeNamespace(client, 'crew');
    const captain = await client.create(pathOf('captains', 'v2', 'crew'), custom('Captain', 'ahab', 'v2'));
    const owner = { apiVersion: 'lab.example.com/v1', object: captain };
    await client.create(configMapsPath('crew'), { ...custom('ConfigMap', 'log', '', owner), apiVersion: 'v1' });
    const mate = await client.create(pathOf('captains', 'v1', 'crew'), custom('Captain', 'starbuck', 'v1', owner));
    expect(mate.metadata.ownerReferences?.[0]?.uid).toBe(captain.metadata.uid);
    await client.delete(pathOf('captains', 'v2', 'crew'), 'ahab');
    await gone(configMapsPath('crew'), 'log');
    await gone(pathOf('captains', 'v2', 'crew'), 'starbuck');
  });

  it('are collected again when their kind was deleted and comes back', async () => {
    await define('anchors', 'Anchor', ['v1']);
    await client.delete(definitionsPath, 'anchors.lab.example.com');
    await gone(definitionsPath, 'anchors.lab.example.com');
    await define('anchors', 'Anchor', ['v1']);
    await makeNamespace(client, 'dock');
    const anchor = await client.create(pathOf('anchors', 'v1', 'dock'), custom('Anchor', 'one', 'v1'));
    const owner = { apiVersion: 'lab.example.com/v1', object: anchor };
    await client.create(pathOf('anchors', 'v1', 'dock'), custom('Anchor', 'two', 'v1', owner));
    await client.delete(pathOf('anchors', 'v1', 'dock'), 'one');
    await gone(pathOf('anchors', 'v1', 'dock'), 'two');
  });
});
