/**
 * Validation of a CustomResourceDefinition, with the words of the real server (`apiextensions/validation`).
 *
 * Conversion webhooks are refused: this server converts between versions by their names alone.
 */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, listAt, objectAt, objectsAt, stringsAt, textAt } from '../registry/json-object.ts';
import { dnsSubdomainProblems } from '../selectors/name-formats.ts';
import { checkImmutable, checkSupported, deepEqual, forbiddenField, required } from '../validation/field-rules.ts';
import { invalidValue, serviceName, stringMap } from '../validation/validate-object-meta.ts';
import { type VersionPaths, validateVersion } from './validate-version.ts';

/** Every error of a new definition. */
export function validateDefinition(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  return [...checkName(object, spec), ...checkSpec(spec), ...checkStoredVersions(object, spec), ...checkApproval(object, spec)];
}

/** Every error of a changed definition. */
export function validateDefinitionUpdate(object: JsonObject, old: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  const errors = [...checkSpec(spec), ...checkStoredVersions(object, spec)];
  const names = objectAt(spec, 'names');
  const oldNames = objectAt(before, 'names');
  const established = objectsAt(objectAt(old, 'status'), 'conditions').some(
    (condition) => condition['type'] === 'Established' && condition['status'] === 'True',
  );
  if (established) {
    errors.push(...checkImmutable('spec.scope', spec['scope'], before['scope']));
    errors.push(...checkImmutable('spec.names.kind', names?.['kind'], oldNames?.['kind']));
  }
  errors.push(...checkImmutable('spec.group', spec['group'], before['group']));
  errors.push(...checkImmutable('spec.names.plural', names?.['plural'], oldNames?.['plural']));
  const approval = stringMap(objectAt(object, 'metadata'), 'annotations')[approvalAnnotation];
  const unchanged = approval === stringMap(objectAt(old, 'metadata'), 'annotations')[approvalAnnotation];
  return unchanged ? errors : [...errors, ...checkApproval(object, spec)];
}

function checkName(object: JsonObject, spec: JsonObject): FieldError[] {
  const name = textAt(objectAt(object, 'metadata'), 'name');
  const wanted = `${textAt(objectAt(spec, 'names'), 'plural')}.${textAt(spec, 'group')}`;
  return name === wanted ? [] : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

function checkSpec(spec: JsonObject): FieldError[] {
  const errors = [...checkGroup(textAt(spec, 'group'))];
  if (textAt(spec, 'scope') === '') errors.push(required('spec.scope'));
  else errors.push(...checkSupported('spec.scope', spec['scope'], ['Cluster', 'Namespaced']));
  if (spec['preserveUnknownFields'] === true) {
    errors.push(
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  }
  const versions = objectsAt(spec, 'versions');
  const pathsOf = versionPaths(versions);
  errors.push(...versions.flatMap((version, i) => validateVersion(version, pathsOf(i))));
  const names = versions.map((version) => textAt(version, 'name'));
  if (new Set(names).size < names.length) errors.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    errors.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  return [...errors, ...checkNames(objectAt(spec, 'names') ?? {}), ...checkConversion(objectAt(spec, 'conversion'))];
}

/** What all versions have alike is named once: upstream keeps it once. */
function versionPaths(versions: readonly JsonObject[]): (index: number) => VersionPaths {
  const [first] = versions;
  const shared = (part: string): boolean => versions.every((version) => deepEqual(version[part], first?.[part]));
  const path = (i: number, part: string, above: string): string => (shared(part) ? `spec.${above}` : `spec.versions[${i}].${part}`);
  return (i) => ({
    version: `spec.versions[${i}]`,
    schema: `${path(i, 'schema', 'validation')}.openAPIV3Schema`,
    subresources: path(i, 'subresources', 'subresources'),
    columns: path(i, 'additionalPrinterColumns', 'additionalPrinterColumns'),
    selectableFields: path(i, 'selectableFields', 'selectableFields'),
  });
}

function checkGroup(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const problems = dnsSubdomainProblems(group);
  if (problems.length > 0) return [invalidValue('spec.group', group, problems.join(','))];
  return group.includes('.') ? [] : [invalidValue('spec.group', group, 'should be a domain with at least one dot')];
}

function checkNames(names: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'])
    if (textAt(names, field) === '') errors.push(required(`spec.names.${field}`));
  const check = (path: string, name: string, prefix = ''): void => {
    const problems = name === '' ? [] : serviceName(prefix === '' ? name : name.toLowerCase());
    if (problems.length > 0) errors.push(invalidValue(path, name, `${prefix}${problems.join(',')}`));
  };
  check('spec.names.plural', textAt(names, 'plural'));
  check('spec.names.singular', textAt(names, 'singular'));
  check('spec.names.kind', textAt(names, 'kind'), 'may have mixed case, but should otherwise match: ');
  check('spec.names.listKind', textAt(names, 'listKind'), 'may have mixed case, but should otherwise match: ');
  for (const [i, name] of stringsAt(names, 'shortNames').entries()) check(`spec.names.shortNames[${i}]`, name);
  const listKind = textAt(names, 'listKind');
  if (listKind !== '' && listKind === textAt(names, 'kind')) {
    errors.push(invalidValue('spec.names.listKind', listKind, 'kind and listKind may not be the same'));
  }
  for (const [i, name] of stringsAt(names, 'categories').entries()) check(`spec.names.categories[${i}]`, name);
  return errors;
}

function checkConversion(conversion: JsonObject | undefined): FieldError[] {
  if (conversion === undefined) return [];
  const strategy = textAt(conversion, 'strategy');
  if (strategy === '') return [required('spec.conversion.strategy')];
  if (strategy === 'Webhook') {
    return [forbiddenField('spec.conversion.strategy', 'conversion webhooks are not supported by this server; set it to None')];
  }
  const errors = checkSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']);
  if (conversion['webhook'] === undefined) return errors;
  return [...errors, forbiddenField('spec.conversion.webhook', 'should not be set when strategy is not set to Webhook')];
}

/** What has been stored in a version can be read for as long as the version is there. */
function checkStoredVersions(object: JsonObject, spec: JsonObject): FieldError[] {
  const versions = objectsAt(spec, 'versions').map((version) => textAt(version, 'name'));
  return listAt(objectAt(object, 'status'), 'storedVersions').flatMap((stored, i) => {
    if (versions.includes(String(stored))) return [];
    const message = `missing from spec.versions; ${String(stored)} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${String(stored)} and removes ${String(stored)} from status.storedVersions`;
    return [invalidValue(`status.storedVersions[${i}]`, stored, message)];
  });
}

const approvalAnnotation = 'api-approved.kubernetes.io';
const approvalUrl = 'https://github.com/kubernetes/enhancements/pull/1111';

/** Groups of the community need an approval that is written down. */
function checkApproval(object: JsonObject, spec: JsonObject): FieldError[] {
  const group = textAt(spec, 'group');
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const approval = stringMap(objectAt(object, 'metadata'), 'annotations')[approvalAnnotation] ?? '';
  const field = `metadata.annotations[${approvalAnnotation}]`;
  const rule = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}`;
  if (approval === '') return [required(field, `${rule}, see ${approvalUrl}`)];
  if (approval.startsWith('unapproved') || /^[a-z][a-z0-9+.-]*:\/\/[^/\s]+/i.test(approval)) return [];
  return [invalidValue(field, approval, `${rule} with either a URL or a reason starting with "unapproved", see ${approvalUrl}`)];
}
