/** Kinds with several versions are stored in one: the ways there and back. */
import type { JsonObject, ResourceDefinition } from '@weir/kube';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { copyOf } from '../table/encoded-view.ts';

/** What is there, in the stored version, as a reader sees it: a schema may have got defaults since it was stored. */
export function asRead(definition: ResourceDefinition, current: EncodedObject): Readonly<JsonObject> {
  return definition.custom === undefined ? current.json : toStored(definition, copyOf(definition, current));
}

/** The object as clients of this version see it; for kinds with one version the object itself. */
export function fromStored(definition: ResourceDefinition, object: Readonly<JsonObject>): JsonObject {
  return definition.conversion === undefined ? object : definition.conversion.fromStored(structuredClone(object) as JsonObject);
}

/** The object as it is stored; owns its argument. */
export function toStored(definition: ResourceDefinition, object: JsonObject): JsonObject {
  return definition.conversion === undefined ? object : definition.conversion.toStored(object);
}
