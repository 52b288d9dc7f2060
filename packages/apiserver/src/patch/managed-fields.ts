/** placeholder written next */
import type { JsonObject, ResourceDefinition } from '@weir/kube';
/** Who wrote. */
export interface FieldRecord {
  readonly definition: ResourceDefinition;
  readonly manager: string;
  readonly time: string;
  readonly subresource: string;
}
/** Records. */
export function recordUpdate(_object: JsonObject, _old: Readonly<JsonObject> | undefined, _record: FieldRecord): void {}
