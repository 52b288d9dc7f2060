/** Writes through a subresource that changes one field of the specification and nothing else. */
import { type JsonObject, objectAt, type ResourceDefinition } from '@weir/kube';
import type { ResourceTarget } from '../server/resource-target.ts';

/** What a subresource may change, if it is of this kind. */
export function narrowPart({ definition, subresource }: Pick<ResourceTarget, 'definition' | 'subresource'>): NarrowPart | undefined {
  return definition.subresources.find(({ name }) => name === subresource)?.writes;
}

type NarrowPart = NonNullable<ResourceDefinition['subresources'][number]['writes']>;

/** Puts everything but the field, and what says which version the client had seen, back to what it was. */
export function keepAllBut(object: JsonObject, old: Readonly<JsonObject>, { field }: NarrowPart): void {
  const value = objectAt(object, 'spec')?.[field];
  const version = objectAt(object, 'metadata')?.['resourceVersion'];
  const { [field]: _field, ...spec } = objectAt(old, 'spec') ?? {};
  for (const key of Object.keys(object)) delete object[key];
  Object.assign(object, old, {
    metadata: { ...objectAt(old, 'metadata'), ...(version === undefined ? {} : { resourceVersion: version }) },
    spec: { ...spec, ...(value === undefined ? {} : { [field]: value }) },
  });
}
