/** core/v1 Namespace as the API server knows it. */
import { namespaceNameLabel } from '../../objects/namespace.ts';
import { labelName } from '../../validation/validate-object-meta.ts';
import { column, defineResource, objectAge, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const namespaceKind = { group: '', version: 'v1', kind: 'Namespace' };

/** The finalizer in `spec.finalizers` that keeps a namespace until it has been emptied. */
export const namespaceFinalizer = 'kubernetes';

/** The entry of namespaces; deletion (Terminating, then `/finalize`) is the server's life cycle code. */
export const namespaceResource: ResourceDefinition = defineResource({
  ...namespaceKind,
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  table: {
    columns: [column('Name'), column('Status', 'string', 'The status of the namespace'), column('Age')],
    row: (object, nowMs) => ({ cells: [objectName(object), textAt(objectAt(object, 'status'), 'phase'), objectAge(object, nowMs)] }),
  },
  statusSubresource: true,
  subresources: [{ name: 'finalize', kind: namespaceKind, verbs: ['update'] }, statusSubresource(namespaceKind)],
  fieldLabels: { 'status.phase': (object) => textAt(objectAt(object, 'status'), 'phase') },
  validateName: labelName,
  defaults: (namespace) => {
    // generateName is resolved before, so the name is known whenever the label is set.
    const metadata = ensureObject(namespace, 'metadata');
    const name = textAt(metadata, 'name');
    if (name !== '') ensureObject(metadata, 'labels')[namespaceNameLabel] = name;
    return namespace;
  },
  prepareForCreate: (namespace) => {
    namespace['status'] = { phase: 'Active' };
    const spec = ensureObject(namespace, 'spec');
    const finalizers = listAt(spec, 'finalizers');
    spec['finalizers'] = finalizers.includes(namespaceFinalizer) ? finalizers : [...finalizers, namespaceFinalizer];
    return namespace;
  },
  prepareForDelete: (namespace) => {
    ensureObject(namespace, 'status')['phase'] = 'Terminating';
  },
  validateUpdate: () => [],
});

/** Whether a namespace is on its way out. */
export function isTerminating(namespace: JsonObject): boolean {
  return textAt(objectAt(namespace, 'metadata'), 'deletionTimestamp') !== '';
}
