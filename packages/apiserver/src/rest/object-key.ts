/** Where objects are stored, and how errors name them. */
import { groupResource, type ResourceDefinition } from '@weir/kube';
import type { ErrorSubject } from '../errors/api-error.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { ObjectKey } from '../storage/store-keys.ts';

/** The subject of errors about a target. */
export function subjectOf(target: ResourceTarget, name: string = target.name): ErrorSubject {
  return { group: target.definition.group, plural: target.definition.plural, name };
}

/** Where an object of a kind is stored. */
export function keyOf(definition: ResourceDefinition, namespace: string, name: string): ObjectKey {
  return { resource: definition.storageKey, namespace, name };
}

/** Where namespaces are stored. */
export const namespacesResource: string = groupResource({ group: '', plural: 'namespaces' });
