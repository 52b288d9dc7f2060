/** Classes that pods name: scheduling.k8s.io/v1 PriorityClass and node.k8s.io/v1 RuntimeClass. */
import type { FieldError } from '../../field-error.ts';
import { checkImmutable, checkSupported, forbiddenField, required } from '../../validation/field-rules.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { type JsonObject, numberAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** No user may give a higher priority; the cluster's own classes are above. */
const userPriorityMax = 1_000_000_000;

/** The classes that every cluster has, and their priorities. */
export const systemPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** The entry of priority classes. */
export const priorityClassResource: ResourceDefinition = defineResource({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  countsGenerations: true,
  defaults: (object) => {
    setDefault(object, 'preemptionPolicy', 'PreemptLowerPriority');
    if (object['value'] === undefined) object['value'] = 0;
    if (object['globalDefault'] === false) delete object['globalDefault'];
    return object;
  },
  validate: validatePriorityClass,
  validateUpdate: (object, old) => {
    const errors: FieldError[] = [];
    if (object['value'] !== old['value']) errors.push(forbiddenField('value', 'may not be changed in an update.'));
    errors.push(...checkImmutable('preemptionPolicy', object['preemptionPolicy'], old['preemptionPolicy']));
    return errors;
  },
  table: {
    columns: [column('Name'), column('Value', 'integer'), column('Global-Default', 'boolean'), column('Age'), column('PreemptionPolicy')],
    row: (object, nowMs) => ({
      cells: [
        objectName(object),
        numberAt(object, 'value') ?? 0,
        object['globalDefault'] === true,
        objectAge(object, nowMs),
        textAt(object, 'preemptionPolicy'),
      ],
    }),
  },
});

function validatePriorityClass(object: JsonObject): FieldError[] {
  const name = objectName(object);
  const value = numberAt(object, 'value') ?? 0;
  const errors = checkSupported('preemptionPolicy', object['preemptionPolicy'], ['Never', 'PreemptLowerPriority']);
  if (name.startsWith('system-')) {
    if (systemPriorities[name] === value) return errors;
    const message =
      "priority class names with 'system-' prefix are reserved for system use only. error: only predefined classes may have it";
    return [...errors, forbiddenField('metadata.name', message)];
  }
  if (value > userPriorityMax) {
    const message = `maximum allowed value of a user defined priority is ${userPriorityMax}`;
    errors.push(forbiddenField('value', message));
  }
  return errors;
}

/** The entry of runtime classes. */
export const runtimeClassResource: ResourceDefinition = defineResource({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  validate: (object) => (textAt(object, 'handler') === '' ? [required('handler')] : []),
  validateUpdate: (object, old) => checkImmutable('handler', object['handler'], old['handler']),
  table: {
    columns: [column('Name'), column('Handler'), column('Age')],
    row: (object, nowMs) => ({ cells: [objectName(object), textAt(object, 'handler'), objectAge(object, nowMs)] }),
  },
});
