/** apiextensions.k8s.io/v1 CustomResourceDefinition as the API server knows it; the server makes entries of it. */
import { validateDefinition, validateDefinitionUpdate } from '../../custom-resource/validate-definition.ts';
import { column, defineResource, objectName, statusSubresource } from '../define-resource.ts';
import { ensureObject, type JsonObject, listAt, objectAt, objectsAt, setDefault, textAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

const definitionKind = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' };

/** The finalizer that keeps a definition until its objects are gone. */
export const customResourceCleanup = 'customresourcecleanup.apiextensions.k8s.io';

/** The entry of custom resource definitions. */
export const customResourceDefinitionResource: ResourceDefinition = defineResource({
  ...definitionKind,
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  statusSubresource: true,
  statusKeepsMetadata: true,
  countsGenerations: true,
  updateNeedsVersion: true,
  subresources: [statusSubresource(definitionKind)],
  defaults: defaultDefinition,
  prepareForCreate: (object) => {
    const stored = objectsAt(objectAt(object, 'spec'), 'versions').find((version) => version['storage'] === true);
    const storedVersions = stored === undefined ? [] : [textAt(stored, 'name')];
    object['status'] = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions };
    return object;
  },
  prepareForDelete: (object, time) => {
    const metadata = ensureObject(object, 'metadata');
    const finalizers = listAt(metadata, 'finalizers');
    if (!finalizers.includes(customResourceCleanup)) metadata['finalizers'] = [...finalizers, customResourceCleanup];
    setCondition(object, {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: time,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will be initiated soon',
    });
  },
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  table: {
    columns: [column('Name'), column('Created At')],
    row: (object) => ({ cells: [objectName(object), textAt(objectAt(object, 'metadata'), 'creationTimestamp')] }),
  },
});

/** Sets a condition of the status; its time stays when the status of the condition does. */
export function setCondition(object: JsonObject, condition: JsonObject): void {
  const status = ensureObject(object, 'status');
  const present = objectsAt(status, 'conditions');
  const before = present.find((each) => each['type'] === condition['type']);
  const same = before !== undefined && before['status'] === condition['status'];
  const next = same ? { ...condition, lastTransitionTime: before['lastTransitionTime'] } : condition;
  status['conditions'] = before === undefined ? [...present, next] : present.map((each) => (each === before ? next : each));
}

function defaultDefinition(object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  if (spec === undefined) return object;
  const names = ensureObject(spec, 'names');
  const kind = textAt(names, 'kind');
  setDefault(names, 'singular', kind.toLowerCase());
  if (kind !== '') setDefault(names, 'listKind', `${kind}List`);
  if (objectAt(spec, 'conversion') === undefined) spec['conversion'] = { strategy: 'None' };
  const service = objectAt(objectAt(objectAt(objectAt(spec, 'conversion'), 'webhook'), 'clientConfig'), 'service');
  if (service !== undefined) setDefault(service, 'port', 443);
  return object;
}
