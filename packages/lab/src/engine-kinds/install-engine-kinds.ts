/**
 * Installs the kinds of objects that come with an engine. What is there is left as people have changed it, and nothing is
 * ever taken away: after an engine has gone they stay, for people to delete.
 */
import type { KubeClient, ResourcePath } from '@weir/client';
import { type EngineName, engineProfiles } from '@weir/model';
import type { CalicoSettings } from '../calico/calico-objects.ts';
import { installCalico, installCalicoPolicies } from '../calico/install-calico.ts';
import { createOnce } from '../control-plane/create-once.ts';
import { policyDefinitionsOf } from './policy-definitions.ts';

/** Where definitions are. */
export const definitionsPath: ResourcePath = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };

/** Makes what is missing; rejects when the API server does not take it. */
export async function installEngineKinds(client: KubeClient, engine: EngineName, calico: CalicoSettings): Promise<void> {
  await Promise.all(policyDefinitionsOf(engine).map((definition) => createOnce(client, definitionsPath, definition)));
  if (engine === 'calico') await installCalico(client, calico);
  else if (engineProfiles[engine].policyApis.includes('Calico')) await installCalicoPolicies(client, calico);
}
