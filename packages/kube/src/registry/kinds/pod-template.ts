/**
 * What all kinds share that make pods from a template: defaults, validation of selector and template,
 * and the columns that tell of the template (`pkg/apis/apps`, Kubernetes 1.35).
 */
import type { FieldError } from '../../field-error.ts';
import { matchesLabelSelector } from '../../selectors/match-label-selector.ts';
import { validateLabelSelector, validateLabels } from '../../selectors/validate-label-selector.ts';
import { checkSupported, forbiddenField, required } from '../../validation/field-rules.ts';
import { invalidValue, stringMap } from '../../validation/validate-object-meta.ts';
import { validatePodSpec } from '../../validation/validate-pod.ts';
import { warnPod } from '../../validation/warn-pod.ts';
import { column } from '../define-resource.ts';
import { formatLabelSelector } from '../format-selector.ts';
import { ensureObject, type JsonObject, objectAt, objectsAt, textAt } from '../json-object.ts';
import type { ScaleFields, SubresourceDefinition, TableColumn } from '../resource-definition.ts';
import { defaultPodSpec } from './pod-defaults.ts';

/** Warnings about the template of an object. */
export function warnTemplate(object: JsonObject): readonly string[] {
  return warnPod(objectAt(objectAt(object, 'spec'), 'template'), 'spec.template');
}

/** The `scale` subresource. */
export const scaleSubresource: SubresourceDefinition = {
  name: 'scale',
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  verbs: ['get', 'patch', 'update'],
};

/** What it shows. */
export const templateScale: ScaleFields = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: (object) => formatLabelSelector(objectAt(objectAt(object, 'spec'), 'selector')),
};

/** Fills in the template's defaults; returns the object's spec. */
export function defaultTemplate(object: JsonObject): JsonObject {
  const spec = ensureObject(object, 'spec');
  defaultPodSpec(ensureObject(ensureObject(spec, 'template'), 'spec'));
  return spec;
}

/** A new object has no status yet, whatever the client said. */
export function withEmptyStatus(object: JsonObject): JsonObject {
  object['status'] = {};
  return object;
}

/** What is wrong with `spec.selector` and with the labels that the template gives its pods; `kind` as messages name it. */
export function validateSelector(object: JsonObject, kind: string): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const selector = objectAt(spec, 'selector');
  const labels = stringMap(objectAt(objectAt(spec, 'template'), 'metadata'), 'labels');
  const labelErrors = validateLabels(labels, 'spec.template.metadata.labels');
  if (selector === undefined) return [required('spec.selector'), ...labelErrors];
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (Object.keys(objectAt(selector, 'matchLabels') ?? {}).length + objectsAt(selector, 'matchExpressions').length === 0) {
    errors.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${kind}`));
  } else if (errors.length === 0 && !matchesLabelSelector(selector, labels)) {
    errors.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  return [...errors, ...labelErrors];
}

/** What is wrong with a template whose pods are to run for good; `kind` as messages name it, when they do. */
export function validateLastingTemplate(object: JsonObject, kind?: string): FieldError[] {
  const podSpec = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec') ?? {};
  const errors = validatePodSpec(podSpec, 'spec.template.spec');
  if (podSpec['restartPolicy'] !== 'Always') {
    errors.push(...checkSupported('spec.template.spec.restartPolicy', podSpec['restartPolicy'], ['Always']));
  }
  if (kind !== undefined && podSpec['activeDeadlineSeconds'] !== undefined) {
    const message = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', message));
  }
  return errors;
}

/** The wide columns of {@link templateCells}. */
export const templateColumns: readonly TableColumn[] = [column('Containers(w)'), column('Images(w)')];

/** Names and images of the template's containers; `template` is at `spec.template` or where it is said. */
export function templateCells(template: JsonObject | undefined): string[] {
  const containers = objectsAt(objectAt(template, 'spec'), 'containers');
  return [
    containers.map((container) => textAt(container, 'name')).join(','),
    containers.map((container) => textAt(container, 'image')).join(','),
  ];
}

/** The selector as `kubectl get -o wide` prints it. */
export function selectorCell(object: JsonObject): string {
  return formatLabelSelector(objectAt(objectAt(object, 'spec'), 'selector'));
}
