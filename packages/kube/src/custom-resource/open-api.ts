/** A custom resource's schema as the component of an OpenAPI v3 document. */

import type { JsonObject } from '../registry/json-object.ts';
import { apiVersionOf, type GroupVersionKind } from '../registry/resource-definition.ts';
import type { StructuralSchema } from './structural-schema.ts';

const apiVersionText =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources';
const kindText =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';

/** The component of a kind; `metadata` is added by the document, which knows where ObjectMeta stands. */
export function customOpenApi(gvk: GroupVersionKind, schema: StructuralSchema): JsonObject {
  const { properties, ...rest } = schema.source;
  return {
    ...rest,
    properties: {
      ...(properties as JsonObject | undefined),
      apiVersion: { type: 'string', description: apiVersionText },
      kind: { type: 'string', description: kindText },
    },
    'x-kubernetes-group-version-kind': [{ group: gvk.group, version: gvk.version, kind: gvk.kind }],
  };
}

/** The component's name: `com.example.v1.CronTab` for the group `example.com`. */
export function openApiName(gvk: GroupVersionKind): string {
  const [version = '', group = ''] = apiVersionOf(gvk).split('/').reverse();
  return [...group.split('.').reverse(), version, gvk.kind].join('.');
}
