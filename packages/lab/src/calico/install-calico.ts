/**
 * Installs what AKS installs with Calico: the definitions of its kinds, then the objects that stand in every such cluster.
 * What is there is left as people have changed it, and nothing is ever taken away: after Calico has gone all of it stays,
 * as in AKS, for people to delete.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlreadyExists, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import { createOnce } from '../control-plane/create-once.ts';
import { calicoDefinitions, calicoGroup } from './calico-definitions.ts';
import { type CalicoObject, type CalicoSettings, calicoObjects } from './calico-objects.ts';

const definitionsPath: ResourcePath = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
/** A kind is served a moment after its definition has been made. */
const servedMs = 30_000;

/** Makes what is missing; rejects when the API server does not take it. */
export async function installCalico(client: KubeClient, settings: CalicoSettings): Promise<void> {
  await install(client, calicoDefinitions, calicoObjects(settings));
}

/** The same for an engine that reads Calico's policies and is not Calico: its data store with the tiers, and nothing that says that Calico is there. */
export async function installCalicoPolicies(client: KubeClient, settings: CalicoSettings): Promise<void> {
  const ofDataStore = calicoDefinitions.filter(({ metadata }) => metadata.name?.endsWith(`.${calicoGroup}`) === true);
  const tiers = calicoObjects(settings).filter(({ object }) => object.kind === 'Tier');
  await install(client, ofDataStore, tiers);
}

async function install(client: KubeClient, definitions: readonly KubeObject[], objects: readonly CalicoObject[]): Promise<void> {
  await Promise.all(definitions.map((definition) => createOnce(client, definitionsPath, definition)));
  await Promise.all(objects.map((each) => makeObject(client, each)));
}

async function makeObject(client: KubeClient, { path, object, status }: CalicoObject): Promise<void> {
  const name = object.metadata.name ?? '';
  for (const deadlineMs = Date.now() + servedMs; ; await sleep(20)) {
    try {
      await client.create(path, object);
      break;
    } catch (error) {
      if (isAlreadyExists(error)) return;
      if (!isNotFound(error) || Date.now() > deadlineMs) throw error;
    }
  }
  if (status !== undefined) await client.patch(path, name, { status }, { type: 'merge', subresource: 'status' });
}
