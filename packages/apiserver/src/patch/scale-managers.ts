/**
 * `metadata.managedFields` of an object as its Scale has them, and back: the one field that both have is called otherwise
 * in each (`.spec.replicas` of a Scale, whatever the kind says of the object).
 */
import type { JsonObject } from '@weir/kube';
import { isSameManager, type ManagerEntry, managersOf, setManagers } from './field-ownership.ts';

const pathInScale = JSON.stringify(['f:spec', 'f:replicas']);

/** How the two name things. */
export interface ScaleNames {
  /** Where the object has the number. */
  readonly path: readonly string[];
  readonly apiVersion: string;
  readonly scaleApiVersion: string;
}

/** Gives a Scale the managers of what it scales: those that have the number. */
export function setManagersOfScale(
  scale: JsonObject,
  object: Readonly<JsonObject>,
  { path, apiVersion, scaleApiVersion }: ScaleNames,
): void {
  const inObject = pathText(path);
  const owners = managersOf(object).filter((entry) => entry.apiVersion === apiVersion && entry.fields.has(inObject));
  setManagers(
    scale,
    owners.map((entry) => ({ ...entry, apiVersion: scaleApiVersion, fields: new Set([pathInScale]) })),
  );
}

/** Takes the managers of a Scale that was applied over to what it scales. */
export function takeManagersOfScale(object: JsonObject, scale: Readonly<JsonObject>, { path, apiVersion }: ScaleNames): void {
  const inObject = pathText(path);
  const owners = managersOf(scale).filter(({ fields }) => fields.has(pathInScale));
  const there = managersOf(object);
  const isOwner = (entry: ManagerEntry): boolean => owners.some((owner) => isSameManager(owner, entry));
  const kept = there.map((entry) => (isOwner(entry) ? entry : { ...entry, fields: without(entry.fields, inObject) }));
  const added = owners.filter((owner) => !there.some((entry) => isSameManager(owner, entry) && entry.fields.has(inObject)));
  setManagers(object, [...kept, ...added.map((entry) => ({ ...entry, apiVersion, fields: new Set([inObject]) }))]);
}

function without<T>(all: ReadonlySet<T>, one: T): ReadonlySet<T> {
  return new Set([...all].filter((each) => each !== one));
}

function pathText(path: readonly string[]): string {
  return JSON.stringify(path.map((field) => `f:${field}`));
}
