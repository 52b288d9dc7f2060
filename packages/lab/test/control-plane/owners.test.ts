/** Finalizers and owners, which mean the same for every kind, custom ones among them, against the real API server and controllers. */
import { ApiError, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import type { JsonObject, KubeObject } from '@weir/kube';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlPlane, eventually, makeNamespace, startControlPlane } from '../support/control-plane.ts';
import { type KeptKind, keptKinds } from '../support/every-kind.ts';

const realms: ResourcePath = { group: 'lab.example.com', version: 'v1', resource: 'realms' };
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'realms.lab.example.com' },
  spec: {
    group: 'lab.example.com',
    scope: 'Cluster',
    names: { plural: 'realms', kind: 'Realm' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const holder = 'example.com/held';
/** The garbage collector looks at everything but these, as upstream's does. */
const isEvent = ({ name }: KeptKind): boolean => name.endsWith(' Event');

let plane: ControlPlane;
let client: KubeClient;
let kinds: readonly KeptKind[];
beforeAll(async () => {
  plane = await startControlPlane();
  ({ client } = plane);
  await makeNamespace(client, 'owned');
  await client.create({ group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }, definition);
  await eventually(async () => {
    await client.list(realms);
  });
  const realm: KeptKind = {
    name: 'Realm',
    path: realms,
    make: (metadata) => ({ apiVersion: 'lab.example.com/v1', kind: 'Realm', metadata }),
  };
  kinds = [...keptKinds('owned'), realm];
}, 60_000);
afterAll(() => plane?.stop());

const nameOf = (prefix: string, kind: KeptKind): string => `${prefix}-${kinds.indexOf(kind)}`;

async function makeAll(prefix: string, metadata: JsonObject, made = kinds): Promise<void> {
  for (const kind of made) {
    await client.create(kind.path, kind.make({ name: nameOf(prefix, kind), ...metadata }) as unknown as KubeObject);
  }
}

/** What is there of each kind: the object, or undefined. */
async function readAll(prefix: string): Promise<ReadonlyMap<string, KubeObject | undefined>> {
  const read = kinds.map(async (kind) => {
    const object = await client.get(kind.path, nameOf(prefix, kind)).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    return [kind.name, object] as const;
  });
  return new Map(await Promise.all(read));
}

async function namesThere(prefix: string): Promise<readonly string[]> {
  return [...(await readAll(prefix))].flatMap(([name, object]) => (object === undefined ? [] : [name]));
}

async function allGone(prefix: string): Promise<void> {
  await eventually(async () => {
    expect(await namesThere(prefix)).toEqual([]);
  });
}

async function realmWith(prefix: string): Promise<string> {
  const realm: KubeObject = { apiVersion: 'lab.example.com/v1', kind: 'Realm', metadata: { name: prefix } };
  const { metadata } = await client.create(realms, realm);
  const { name = '', uid = '' } = metadata;
  const reference = { apiVersion: 'lab.example.com/v1', kind: 'Realm', name, uid, blockOwnerDeletion: true };
  await makeAll(
    prefix,
    { ownerReferences: [reference] },
    kinds.filter((kind) => !isEvent(kind)),
  );
  return name;
}

const ownersOf = (object: KubeObject | undefined): number => object?.metadata.ownerReferences?.length ?? 0;

it('every kind stays until its finalizers are gone, and takes no new ones meanwhile', { timeout: 60_000 }, async () => {
  await makeAll('held', { finalizers: [holder] });
  for (const kind of kinds) await client.delete(kind.path, nameOf('held', kind));
  const going = await readAll('held');
  expect([...going].filter(([, object]) => object?.metadata.deletionTimestamp === undefined)).toEqual([]);
  for (const kind of kinds) {
    const late = client.patch(
      kind.path,
      nameOf('held', kind),
      { metadata: { finalizers: [holder, 'example.com/late'] } },
      { type: 'merge' },
    );
    await expect(late, kind.name).rejects.toSatisfy((error) => error instanceof ApiError && error.code === 422);
    await client.patch(kind.path, nameOf('held', kind), { metadata: { finalizers: [] } }, { type: 'merge' });
  }
  await allGone('held');
});

it('every kind goes after its owner when that is deleted in the background', { timeout: 60_000 }, async () => {
  const name = await realmWith('background');
  await client.delete(realms, name, { propagationPolicy: 'Background' });
  await expect(client.get(realms, name)).rejects.toSatisfy(isNotFound);
  await allGone('background');
});

it('every kind goes before its owner when that is deleted in the foreground', { timeout: 60_000 }, async () => {
  const name = await realmWith('foreground');
  const [held] = kinds;
  if (held === undefined) throw new Error('there are kinds');
  await client.patch(held.path, nameOf('foreground', held), { metadata: { finalizers: [holder] } }, { type: 'merge' });
  await client.delete(realms, name, { propagationPolicy: 'Foreground' });
  await eventually(async () => {
    expect(await namesThere('foreground')).toEqual([held.name]);
  });
  expect((await client.get(realms, name)).metadata).toMatchObject({
    finalizers: ['foregroundDeletion'],
    deletionTimestamp: expect.any(String),
  });
  await client.patch(held.path, nameOf('foreground', held), { metadata: { finalizers: [] } }, { type: 'merge' });
  await allGone('foreground');
  await eventually(async () => {
    await expect(client.get(realms, name)).rejects.toSatisfy(isNotFound);
  });
});

it('every kind stays, without an owner, when that is deleted and orphans', { timeout: 60_000 }, async () => {
  const name = await realmWith('orphan');
  await client.delete(realms, name, { propagationPolicy: 'Orphan' });
  await eventually(async () => {
    await expect(client.get(realms, name)).rejects.toSatisfy(isNotFound);
  });
  const orphans = await readAll('orphan');
  const owned = [...orphans].filter(([, object]) => ownersOf(object) > 0).map(([kind]) => kind);
  expect(owned).toEqual([]);
  expect(await namesThere('orphan')).toHaveLength(kinds.filter((kind) => !isEvent(kind)).length);
});
