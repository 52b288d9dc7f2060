/** Validation of ephemeral containers, which can only be added (`pkg/apis/core/validation`, Kubernetes 1.35). */
import type { FieldError } from '../field-error.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { checkUnique, deepEqual, forbiddenField } from './field-rules.ts';
import { validateContainers } from './validate-container.ts';

const path = 'spec.ephemeralContainers';
/** What makes no sense for a container that helps a person and goes. */
const forbiddenFields = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'restartPolicy',
  'resizePolicy',
];

/** Every error in the ephemeral containers of a pod that had `old` before. */
export function validateEphemeralContainersUpdate(pod: JsonObject, old: JsonObject): FieldError[] {
  const spec = objectAt(pod, 'spec') ?? {};
  const containers = objectsAt(spec, 'ephemeralContainers');
  const others = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')].map((container) => textAt(container, 'name'));
  const errors = validateContainers(containers, path, {
    volumeNames: new Set(objectsAt(spec, 'volumes').map((volume) => textAt(volume, 'name'))),
    hostNetwork: spec['hostNetwork'] === true,
    init: false,
  });
  const names = [...others, ...containers.map((container) => textAt(container, 'name'))];
  errors.push(...checkUnique(names, (i) => `${path}[${i - others.length}].name`));
  for (const [i, container] of containers.entries()) {
    for (const field of forbiddenFields) {
      if (isSet(container[field])) errors.push(forbiddenField(`${path}[${i}].${field}`, 'cannot be set for an Ephemeral Container'));
    }
    const target = textAt(container, 'targetContainerName');
    if (target !== '' && !others.includes(target)) {
      errors.push({ reason: 'FieldValueNotFound', field: `${path}[${i}].targetContainerName`, value: target, message: '' });
    }
  }
  return [...errors, ...validateKept(containers, objectsAt(objectAt(old, 'spec'), 'ephemeralContainers'))];
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** What is there stays as it is. */
function validateKept(containers: readonly JsonObject[], before: readonly JsonObject[]): FieldError[] {
  return before.flatMap((container) => {
    const name = textAt(container, 'name');
    const index = containers.findIndex((other) => other['name'] === name);
    if (index < 0) return [forbiddenField(path, `existing ephemeral containers ${JSON.stringify(name)} may not be removed\n`)];
    if (deepEqual(containers[index], container)) return [];
    return [forbiddenField(path, `existing ephemeral containers ${JSON.stringify(name)} may not be changed\n`)];
  });
}
