/**
 * The query parameters of lists and watches, parsed and checked as the real server checks them
 * (`apimachinery/pkg/apis/meta/internalversion/validation`).
 */
import {
  type FieldError,
  type FieldRequirement,
  type JsonObject,
  type LabelRequirement,
  matchesFieldRequirements,
  matchesLabelRequirements,
  objectAt,
  parseFieldSelectorText,
  parseLabelSelectorText,
  type ResourceDefinition,
  stringMap,
  textAt,
} from '@weir/kube';
import { badRequest, invalid } from '../errors/api-error.ts';
import { booleanParameter } from './rest-context.ts';

/** What to list or watch. */
export interface ListOptions {
  readonly labels: readonly LabelRequirement[];
  readonly fields: readonly FieldRequirement[];
  /** Absent and `0` are kept apart: undefined is "most recent". */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly watch: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowWatchBookmarks: boolean;
  /** Undefined: the server chooses. */
  readonly timeoutSeconds: number | undefined;
}

/** Reads the parameters; throws 400 or 422 when they make no sense. */
export function parseListOptions(query: URLSearchParams, definition: ResourceDefinition): ListOptions {
  const labels = parseLabelSelectorText(query.get('labelSelector') ?? '');
  if (labels.kind === 'refused') throw badRequest(labels.message);
  const fields = parseFieldSelectorText(query.get('fieldSelector') ?? '');
  if (fields.kind === 'refused') throw badRequest(fields.message);
  for (const { field } of fields.requirements) assertKnownField(field, definition);
  const options: ListOptions = {
    labels: labels.requirements,
    fields: fields.requirements,
    resourceVersion: parseResourceVersion(query.get('resourceVersion') ?? ''),
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    limit: integerParameter(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    watch: booleanParameter(query, 'watch'),
    sendInitialEvents: query.has('sendInitialEvents') ? booleanParameter(query, 'sendInitialEvents') : undefined,
    allowWatchBookmarks: booleanParameter(query, 'allowWatchBookmarks'),
    timeoutSeconds: integerParameter(query, 'timeoutSeconds'),
  };
  const errors = optionErrors(options, query.has('resourceVersion') && query.get('resourceVersion') !== '');
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  return options;
}

/** Whether an object passes both selectors. */
export function matchesOptions(object: Readonly<JsonObject>, options: ListOptions, definition: ResourceDefinition): boolean {
  const metadata = objectAt(object, 'metadata');
  if (!matchesLabelRequirements(options.labels, stringMap(metadata, 'labels'))) return false;
  return matchesFieldRequirements(options.fields, (field) => fieldValue(object, field, definition));
}

/** Whether any selector is set, so that objects must be looked into. */
export function selectsSome(options: ListOptions): boolean {
  return options.labels.length > 0 || options.fields.length > 0;
}

/** Reads a resource version; throws 400 for anything but an unsigned number. */
export function parseResourceVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw invalid({ group: '', kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueInvalid',
        field: 'resourceVersion',
        value: text,
        message: `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
      },
    ]);
  }
  return Number(text);
}

function fieldValue(object: Readonly<JsonObject>, field: string, definition: ResourceDefinition): string {
  switch (field) {
    case 'metadata.name':
      return textAt(objectAt(object, 'metadata'), 'name');
    case 'metadata.namespace':
      return textAt(objectAt(object, 'metadata'), 'namespace');
    default:
      return definition.fieldLabels[field]?.(object) ?? '';
  }
}

function assertKnownField(field: string, definition: ResourceDefinition): void {
  if (field === 'metadata.name' || field === 'metadata.namespace' || Object.hasOwn(definition.fieldLabels, field)) return;
  if (definition.custom !== undefined || Object.keys(definition.fieldLabels).length > 0)
    throw badRequest(`field label not supported: ${field}`);
  throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?[0-9]{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function optionErrors(options: ListOptions, hasVersion: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (field: string, message: string): void => {
    errors.push({ reason: 'FieldValueForbidden', field, message });
  };
  const match: string = options.resourceVersionMatch;
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push({
      reason: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      value: match,
      message: 'supported values: "Exact", "NotOlderThan", ""',
    });
  }
  if (options.watch) {
    if (match !== '' && options.sendInitialEvents === undefined) {
      forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    }
    if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      forbid('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
    }
    if (options.continue !== '') forbid('continue', 'continue is forbidden for watch');
    return errors;
  }
  if (options.sendInitialEvents !== undefined) forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  if (match === '') return errors;
  if (options.continue !== '') forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided');
  if (!hasVersion) forbid('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match === 'Exact' && options.resourceVersion === 0) {
    forbid('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  return errors;
}
