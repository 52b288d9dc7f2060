/** Lists and maps of the metadata that are empty are not there: the API's types leave them out (`omitempty`). */
import { type JsonObject, objectAt } from '@weir/kube';

const fields = ['labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields'];

/** Takes empty lists and maps out of the object's metadata; changes it. */
export function dropEmptyMetadata(object: JsonObject): void {
  const metadata = objectAt(object, 'metadata');
  if (metadata === undefined) return;
  for (const field of fields) {
    const value = metadata[field];
    if (typeof value === 'object' && (value === null || Object.keys(value).length === 0)) delete metadata[field];
  }
}
