/**
 * Validation of meta/v1 LabelSelector in the words of apimachinery
 * (`apis/meta/v1/validation.ValidateLabelSelector`), all errors at once.
 */
import type { FieldError } from '../field-error.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../objects/label-selector.ts';
import type { StringMap } from '../objects/object-meta.ts';
import { labelKeyProblems, labelValueProblems } from './name-formats.ts';

/** How lenient the check is. */
export interface LabelSelectorValidationOptions {
  /**
   * Accept values of `matchExpressions` that are no label values. The API server does so on an
   * update of an object that already had such a value. Default: false.
   */
  readonly allowInvalidValues?: boolean;
}

/** Every error in the selector; `path` is the path of the selector itself, e.g. `spec.podSelector`. */
export function validateLabelSelector(selector: LabelSelector, path: string, options: LabelSelectorValidationOptions = {}): FieldError[] {
  const errors = validateLabels(selector.matchLabels ?? {}, `${path}.matchLabels`);
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateRequirement(requirement, `${path}.matchExpressions[${i}]`, options));
  }
  return errors;
}

/** Every error in a map of labels; keys are taken in alphabetical order. */
export function validateLabels(labels: StringMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))) {
    errors.push(...validateLabelKey(key, path));
    for (const message of labelValueProblems(value)) errors.push({ reason: 'FieldValueInvalid', field: path, value, message });
  }
  return errors;
}

function validateRequirement(requirement: LabelSelectorRequirement, path: string, options: LabelSelectorValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const message = "must be specified when `operator` is 'In' or 'NotIn'";
        errors.push({ reason: 'FieldValueRequired', field: `${path}.values`, message });
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push({ reason: 'FieldValueForbidden', field: `${path}.values`, message });
      }
      break;
    default:
      errors.push({
        reason: 'FieldValueInvalid',
        field: `${path}.operator`,
        value: requirement.operator ?? '',
        message: 'not a valid selector operator',
      });
  }
  errors.push(...validateLabelKey(requirement.key ?? '', `${path}.key`));
  if (options.allowInvalidValues === true) return errors;
  for (const [i, value] of values.entries()) {
    for (const message of labelValueProblems(value))
      errors.push({ reason: 'FieldValueInvalid', field: `${path}.values[${i}]`, value, message });
  }
  return errors;
}

function validateLabelKey(key: string, path: string): FieldError[] {
  return labelKeyProblems(key).map((message) => ({ reason: 'FieldValueInvalid', field: path, value: key, message }));
}
