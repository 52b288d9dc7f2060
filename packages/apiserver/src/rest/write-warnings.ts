/** What is told to whoever writes an object that is allowed and hardly meant. */
import { numberAt, objectAt, type ResourceDefinition } from '@weir/kube';
import type { EncodedObject } from '../storage/encoded-object.ts';

/** Warnings about what was stored; `before` is what it replaced. A change that leaves what is wanted alone is told nothing. */
export function writeWarnings(definition: ResourceDefinition, stored: EncodedObject, before: EncodedObject | undefined): readonly string[] {
  if (definition.warnings === undefined) return [];
  const isUpdate = before !== undefined;
  if (isUpdate && definition.countsGenerations && generationOf(before) === generationOf(stored)) return [];
  return definition.warnings(stored.json, isUpdate);
}

function generationOf(object: EncodedObject): number | undefined {
  return numberAt(objectAt(object.json, 'metadata'), 'generation');
}
