/** Kubernetes' own kinds that policies refer to. */
import { type FieldSelection, namespacePolicyFields, nodePolicyFields } from '@weir/kube';
import type { PolicyKind } from './policy-api.ts';

/** Nodes: their labels and addresses. */
export const nodeKind: PolicyKind = coreKind({ kind: 'Node', plural: 'nodes', namespaced: false }, nodePolicyFields);

/** Namespaces: their labels. */
export const namespaceKind: PolicyKind = coreKind({ kind: 'Namespace', plural: 'namespaces', namespaced: false }, namespacePolicyFields);

/** Services: their labels, and what they select. */
export const serviceKind: PolicyKind = coreKind(
  { kind: 'Service', plural: 'services', namespaced: true },
  { metadata: { labels: true }, spec: { selector: true, ports: true } },
);

/** The addresses behind services. */
export const endpointSliceKind: PolicyKind = {
  ...coreKind(
    { kind: 'EndpointSlice', plural: 'endpointslices', namespaced: true },
    { metadata: { labels: true }, addressType: true, endpoints: { addresses: true, conditions: true }, ports: true },
  ),
  group: 'discovery.k8s.io',
};

function coreKind(kind: Pick<PolicyKind, 'kind' | 'plural' | 'namespaced'>, fields: FieldSelection): PolicyKind {
  return { group: '', versions: ['v1'], ...kind, isBuiltIn: true, fields };
}
