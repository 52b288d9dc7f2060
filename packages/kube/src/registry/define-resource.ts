/**
 * Makes a {@link ResourceDefinition} from what differs between kinds; everything else gets the value
 * that most kinds of Kubernetes have.
 */
import { defined } from '@weir/net';
import { subdomainName } from '../validation/validate-object-meta.ts';
import { conformToSchema } from './conform.ts';
import { ageSince } from './human-duration.ts';
import { type JsonObject, objectAt, textAt } from './json-object.ts';
import {
  type GroupVersionKind,
  groupResource,
  type ResourceDefinition,
  type ResourceVerb,
  type SubresourceDefinition,
  type TableColumn,
} from './resource-definition.ts';
import { parseSchemas } from './schema-notation.ts';
import { admissionTypes } from './schemas/admission-schema.ts';
import { clusterTypes } from './schemas/cluster-schema.ts';
import { coreTypes } from './schemas/core-schema.ts';
import { extensionTypes } from './schemas/extension-schema.ts';
import { metaTypes } from './schemas/meta-schema.ts';
import { networkingTypes } from './schemas/networking-schema.ts';
import { podTypes } from './schemas/pod-schema.ts';
import { reviewTypes } from './schemas/review-schema.ts';
import { volumeTypes } from './schemas/volume-schema.ts';
import { workloadTypes } from './schemas/workload-schema.ts';

/** All verbs; what most resources take. */
const allVerbs: readonly ResourceVerb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Every type of the built-in kinds by name. */
export const builtInSchemas: ReturnType<typeof parseSchemas> = parseSchemas(
  metaTypes,
  podTypes,
  coreTypes,
  workloadTypes,
  networkingTypes,
  clusterTypes,
  volumeTypes,
  reviewTypes,
  extensionTypes,
  admissionTypes,
);

/** What must be said of every kind; the rest has defaults. */
export type ResourceOptions = Pick<ResourceDefinition, 'group' | 'version' | 'kind' | 'plural' | 'namespaced' | 'table'> &
  Partial<ResourceDefinition>;

/** Completes an entry. */
export function defineResource(options: ResourceOptions): ResourceDefinition {
  const schema = options.schema ?? defined(builtInSchemas.get(options.kind), `schema of ${options.kind} is not defined`);
  return {
    listKind: `${options.kind}List`,
    singular: options.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    subresources: [],
    fieldLabels: {},
    statusSubresource: false,
    statusKeepsMetadata: false,
    countsGenerations: false,
    updateNeedsVersion: false,
    createOnUpdate: false,
    returnsDeletedObject: false,
    isReview: false,
    validateName: subdomainName,
    defaults: (object) => object,
    prepareForCreate: (object) => object,
    validate: () => [],
    ...options,
    validateUpdate: options.validateUpdate ?? ((object) => (options.validate ?? (() => []))(object)),
    schema,
    fit: options.fit ?? ((object) => conformToSchema(schema, object)),
    storageKey: options.storageKey ?? groupResource(options),
  };
}

/** The `status` subresource of a kind. */
export function statusSubresource(kind: GroupVersionKind): SubresourceDefinition {
  return { name: 'status', kind, verbs: ['get', 'patch', 'update'] };
}

/** A table column; names ending in `(w)` are shown by `-o wide` only. */
export function column(name: string, type: TableColumn['type'] = 'string', description = ''): TableColumn {
  const wide = name.endsWith('(w)');
  return {
    name: wide ? name.slice(0, -3) : name,
    type,
    format: name === 'Name' ? 'name' : '',
    description,
    priority: wide ? 1 : 0,
  };
}

/** `metadata.name`. */
export function objectName(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

/** The age since `metadata.creationTimestamp`, as kubectl prints it. */
export function objectAge(object: JsonObject, nowMs: number): string {
  return ageSince(objectAt(object, 'metadata')?.['creationTimestamp'], nowMs);
}
