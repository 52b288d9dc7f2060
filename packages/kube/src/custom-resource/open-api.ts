/** A custom resource's schema as the component of an OpenAPI v3 document. */

import type { JsonObject } from '../registry/json-object.ts';
import { apiVersionOf, type GroupVersionKind } from '../registry/resource-definition.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** The component of a kind; the document adds what is the same for all kinds: `apiVersion`, `kind` and `metadata`. */
export function customOpenApi(schema: StructuralSchema): JsonObject {
  const { properties, ...rest } = schema.source;
  return { ...rest, properties: { ...(properties as JsonObject | undefined) } };
}

/** The component's name: `com.example.v1.CronTab` for the group `example.com`. */
export function openApiName(gvk: GroupVersionKind): string {
  const [version = '', group = ''] = apiVersionOf(gvk).split('/').reverse();
  return [...group.split('.').reverse(), version, gvk.kind].join('.');
}
