/** networking.k8s.io/v1 NetworkPolicy as the API server knows it. */
import { defaultNetworkPolicy } from '../../network-policy/default-network-policy.ts';
import { validateNetworkPolicy, validateNetworkPolicyUpdate } from '../../network-policy/validate-network-policy.ts';
import type { NetworkPolicy } from '../../objects/network-policy.ts';
import { column, defineResource, objectAge, objectName } from '../define-resource.ts';
import { formatLabelSelector } from '../format-selector.ts';
import { type JsonObject, objectAt } from '../json-object.ts';
import type { ResourceDefinition } from '../resource-definition.ts';

/** The entry of network policies. */
export const networkPolicyResource: ResourceDefinition = defineResource({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  countsGenerations: true,
  table: {
    columns: [column('Name'), column('Pod-Selector'), column('Age')],
    row: (object, nowMs) => ({
      cells: [objectName(object), formatLabelSelector(objectAt(objectAt(object, 'spec'), 'podSelector')), objectAge(object, nowMs)],
    }),
  },
  defaults: (object) => defaultNetworkPolicy(asPolicy(object)) as unknown as JsonObject,
  // The status of a policy was taken out of the API; the field is still read and dropped.
  prepareForCreate: ({ status: _status, ...object }) => object,
  validate: (object) => validateNetworkPolicy(asPolicy(object)),
  validateUpdate: (object, old) => validateNetworkPolicyUpdate(asPolicy(object), asPolicy(old)),
});

/** The object has been fitted to the schema, so it is a policy. */
function asPolicy(object: JsonObject): NetworkPolicy {
  return object as unknown as NetworkPolicy;
}
