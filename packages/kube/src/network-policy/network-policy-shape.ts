/**
 * The shape of networking.k8s.io/v1 NetworkPolicy: which fields there are and of which type.
 *
 * A field that Weir does not know must never be dropped silently: a misspelt `form:` would turn a
 * rule for some peers into a rule for all, and a field of a later Kubernetes version may narrow what
 * a policy allows. So whoever reads policies from outside checks the shape first. Null stands for an
 * absent field, as in the API server's decoder.
 */
import type { FieldError } from '../field-error.ts';
import { checkShape, closedShape, listShape, type ObjectShape, stringShape } from '../shape/object-shape.ts';

const labelSelector = closedShape({
  matchLabels: { kind: 'stringMap' },
  matchExpressions: listShape(closedShape({ key: stringShape, operator: stringShape, values: listShape(stringShape) })),
});
const peers = listShape(
  closedShape({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: closedShape({ cidr: stringShape, except: listShape(stringShape) }),
  }),
);
const ports = listShape(closedShape({ protocol: stringShape, port: { kind: 'integerOrString' }, endPort: { kind: 'integer' } }));

/** The shape of `spec`. */
export const networkPolicySpecShape: ObjectShape = closedShape({
  podSelector: labelSelector,
  ingress: listShape(closedShape({ from: peers, ports })),
  egress: listShape(closedShape({ to: peers, ports })),
  policyTypes: listShape(stringShape),
});

/** Every unknown field and every value of a wrong type in `spec` of an object from outside. */
export function checkNetworkPolicyShape(policy: { readonly spec?: unknown }): FieldError[] {
  return checkShape(policy.spec, networkPolicySpecShape, 'spec');
}
