/**
 * From a CustomResourceDefinition to entries of the resource registry, one per served version.
 *
 * All versions are stored alike, in the storage version (conversion None: only `apiVersion` differs). What is read is
 * pruned and defaulted by the schema of now, as the real server does when it reads from its store.
 */
import { defined } from '@weir/net';
import type { FieldError } from '../field-error.ts';
import { type ConformResult, conformToSchema } from '../registry/conform.ts';
import { builtInSchemas, defineResource, statusSubresource } from '../registry/define-resource.ts';
import { isJsonObject, type JsonObject, objectAt, objectsAt, stringsAt, textAt } from '../registry/json-object.ts';
import type { GroupVersionKind, ResourceDefinition, SubresourceDefinition } from '../registry/resource-definition.ts';
import { applyDefaults, copyJson } from './apply-defaults.ts';
import { customScale, validateScale } from './custom-scale.ts';
import { findByPath, parseJsonPath } from './json-path.ts';
import { mergeSchemaOf } from './merge-schema.ts';
import { customOpenApi } from './open-api.ts';
import { customTable } from './printer-columns.ts';
import { pruneObject } from './prune.ts';
import { parseStructuralSchema, type StructuralSchema } from './structural-schema.ts';
import { validateEmbedded } from './validate-embedded.ts';
import { validateLists } from './validate-lists.ts';
import { validateRules } from './validate-rules.ts';
import { validateValue } from './validate-value.ts';

/** The entries of an accepted definition: its served versions. */
export function customResources(definition: Readonly<JsonObject>): readonly ResourceDefinition[] {
  const versions = objectsAt(objectAt(definition, 'spec'), 'versions');
  return versions.filter((version) => version['served'] === true).map((version) => customResource(definition, version));
}

/** The entry of the version that objects are stored in, served or not. */
export function storedResource(definition: Readonly<JsonObject>): ResourceDefinition | undefined {
  const version = objectsAt(objectAt(definition, 'spec'), 'versions').find((each) => each['storage'] === true);
  return version === undefined ? undefined : customResource(definition, version);
}

/** The version that objects are stored in. */
export function storageVersionOf(definition: Readonly<JsonObject>): string {
  const stored = objectsAt(objectAt(definition, 'spec'), 'versions').find((version) => version['storage'] === true);
  return textAt(stored, 'name');
}

function customResource(definition: Readonly<JsonObject>, version: JsonObject): ResourceDefinition {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(objectAt(definition, 'status'), 'acceptedNames');
  const group = textAt(spec, 'group');
  const gvk = { group, version: textAt(version, 'name'), kind: textAt(names, 'kind') };
  const schema = parseStructuralSchema(objectAt(objectAt(version, 'schema'), 'openAPIV3Schema') ?? {});
  const subresources = objectAt(version, 'subresources');
  const hasStatus = subresources?.['status'] !== undefined;
  const scale = objectAt(subresources, 'scale');
  const storageVersion = `${group}/${storageVersionOf(definition)}`;
  const deprecation = deprecationOf(version, gvk);
  return defineResource({
    ...gvk,
    plural: textAt(names, 'plural'),
    singular: textAt(names, 'singular'),
    listKind: textAt(names, 'listKind'),
    shortNames: stringsAt(names, 'shortNames'),
    categories: stringsAt(names, 'categories'),
    namespaced: textAt(spec, 'scope') === 'Namespaced',
    subresources: subresourcesOf(gvk, { hasStatus, hasScale: scale !== undefined }),
    schema: mergeSchemaOf(gvk.kind, schema),
    custom: { openApi: customOpenApi(schema) },
    ...(deprecation === undefined ? {} : { deprecationWarning: deprecation }),
    fit: (object) => fitCustom(object, schema),
    table: customTable(objectsAt(version, 'additionalPrinterColumns')),
    fieldLabels: selectableFields(version),
    storageKey: `${textAt(names, 'plural')}.${group}`,
    conversion: {
      toStored: (object) => ({ ...object, apiVersion: storageVersion }),
      fromStored: (object) => {
        object['apiVersion'] = `${group}/${gvk.version}`;
        pruneObject(object, schema);
        applyDefaults(object, schema);
        return object;
      },
    },
    statusSubresource: hasStatus,
    statusKeepsMetadata: true,
    countsGenerations: true,
    updateNeedsVersion: true,
    ...(scale === undefined ? {} : { scale: customScale(scale) }),
    defaults: (object) => {
      applyDefaults(object, schema);
      return object;
    },
    prepareForCreate: (object) => {
      if (hasStatus) delete object['status'];
      return object;
    },
    ...validators(schema, scale),
  });
}

function subresourcesOf(gvk: GroupVersionKind, has: { readonly hasStatus: boolean; readonly hasScale: boolean }): SubresourceDefinition[] {
  const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return [
    ...(has.hasStatus ? [statusSubresource(gvk)] : []),
    ...(has.hasScale ? [{ name: 'scale', kind: scaleKind, verbs: ['get', 'patch', 'update'] }] : []),
  ];
}

function validators(
  schema: StructuralSchema,
  scale: JsonObject | undefined,
): Required<Pick<ResourceDefinition, 'validate' | 'validateUpdate' | 'validateStatus'>> {
  const validateAll = (object: JsonObject, old: JsonObject | undefined): FieldError[] => {
    const errors = [...validateValue(object, schema, '', old), ...validateScale(object, scale, ['spec', 'status'])];
    errors.push(...validateEmbedded(object, schema, ''));
    // A list that had repetitions already may keep them.
    if (old === undefined || validateLists(old, schema, '').length === 0) errors.push(...validateLists(object, schema, ''));
    return [...errors, ...validateRules(object, schema, old, errors)];
  };
  return {
    validate: (object) => validateAll(object, undefined),
    validateUpdate: (object, old) => validateAll(object, old),
    validateStatus: (object, old) => {
      const status = schema.properties.get('status');
      const found =
        status === undefined || object['status'] === undefined ? [] : validateValue(object['status'], status, '', old['status']);
      const errors = [
        ...found.map((error) => ({ ...error, field: belowStatus(error.field) })),
        ...validateScale(object, scale, ['status']),
      ];
      return [...errors, ...validateRules(object, schema, old, errors)];
    },
  };
}

function belowStatus(field: string): string {
  return field === '<nil>' ? 'status' : `status.${field}`;
}

/** Prunes a copy; the metadata is fitted like that of any object. */
function fitCustom(object: JsonObject, schema: StructuralSchema): ConformResult {
  const copy = copyJson(object) as JsonObject;
  const removed = pruneObject(copy, schema);
  const metadata = copy['metadata'];
  if (metadata === undefined || metadata === null) return { value: copy, unknownFields: removed, wrongTypes: [] };
  if (!isJsonObject(metadata))
    return { value: copy, unknownFields: removed, wrongTypes: ['json: cannot unmarshal metadata into an ObjectMeta'] };
  const fitted = conformToSchema(defined(builtInSchemas.get('ObjectMeta'), 'ObjectMeta is a built-in type'), metadata);
  copy['metadata'] = fitted.value;
  return {
    value: copy,
    unknownFields: [...fitted.unknownFields.map((field) => `metadata.${field}`), ...removed],
    wrongTypes: fitted.wrongTypes,
  };
}

function selectableFields(version: JsonObject): ResourceDefinition['fieldLabels'] {
  const labels = objectsAt(version, 'selectableFields').map((field) => {
    const path = textAt(field, 'jsonPath');
    const steps = parseJsonPath(path) ?? [];
    const value = (object: JsonObject): string => {
      const [found] = findByPath(object, steps);
      return found === undefined || found === null ? '' : typeof found === 'string' ? found : JSON.stringify(found);
    };
    return [path.replace(/^\./, ''), value] as const;
  });
  return Object.fromEntries(labels);
}

function deprecationOf(version: JsonObject, gvk: GroupVersionKind): string | undefined {
  if (version['deprecated'] !== true) return undefined;
  return textAt(version, 'deprecationWarning') || `${gvk.group}/${gvk.version} ${gvk.kind} is deprecated`;
}
