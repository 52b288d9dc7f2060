/** What makes a policy of Cilium invalid, in the words of Cilium's own validation (`pkg/policy/api/rule_validation.go`). */
import { checkShape, type FieldError } from '@weir/kube';
import { auditAnnotation, type CiliumPolicy, type CiliumSpec, ciliumNetworkPolicyKind, specsOf } from '../objects/cilium-policy.ts';
import { type CiliumRule, peerKinds, rulesOf } from '../objects/cilium-rule.ts';
import { ciliumPolicyShape } from '../objects/cilium-shapes.ts';
import { problem } from './field-problem.ts';
import { validateDomains, validatePeers, validateSelector } from './validate-cilium-peers.ts';
import { validateIcmps, validatePorts } from './validate-cilium-ports.ts';

/** Every error; when there is none, the policy can be compiled. */
export function validateCiliumPolicy(policy: CiliumPolicy): FieldError[] {
  const { spec, specs } = policy;
  const shapeErrors = checkShape({ spec, specs }, ciliumPolicyShape, '');
  if (shapeErrors.length > 0) return shapeErrors;
  if (spec === undefined && specs === undefined) return [{ reason: 'FieldValueRequired', field: 'spec', message: 'empty policy' }];
  return [
    ...validateAudit(policy),
    ...specsOf(policy).flatMap(({ spec: each, path }) => [
      ...validateSelectors(policy, each, path),
      ...rulesOf(each, path).flatMap(validateRule),
    ]),
  ];
}

function validateAudit({ metadata: { annotations = {} } }: CiliumPolicy): FieldError[] {
  const mode = Object.hasOwn(annotations, auditAnnotation) ? annotations[auditAnnotation] : undefined;
  if (mode === undefined || mode === 'true' || mode === 'false') return [];
  return [problem(`metadata.annotations[${auditAnnotation}]`, 'must be "true" or "false"', mode)];
}

function validateSelectors({ kind }: CiliumPolicy, spec: CiliumSpec, path: string): FieldError[] {
  const { endpointSelector, nodeSelector } = spec;
  if (rulesOf(spec, path).length === 0) {
    return [problem(path, 'rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny')];
  }
  if (endpointSelector === undefined && nodeSelector === undefined) {
    return [{ reason: 'FieldValueRequired', field: path, message: 'rule must have one of EndpointSelector or NodeSelector' }];
  }
  if (endpointSelector !== undefined && nodeSelector !== undefined) {
    return [problem(path, 'rule cannot have both EndpointSelector and NodeSelector')];
  }
  if (nodeSelector !== undefined && kind === ciliumNetworkPolicyKind.kind) {
    return [problem(`${path}.nodeSelector`, 'rule cannot have NodeSelector')];
  }
  return [
    ...(endpointSelector === undefined ? [] : validateSelector(endpointSelector, `${path}.endpointSelector`)),
    ...(nodeSelector === undefined ? [] : validateSelector(nodeSelector, `${path}.nodeSelector`)),
  ];
}

function validateRule(rule: CiliumRule): FieldError[] {
  const { path, peers, toPorts = [], icmps = [] } = rule;
  return [
    ...validateCombination(rule),
    ...(toPorts.length > 0 && icmps.length > 0
      ? [problem(`${path}.icmps`, 'the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts')]
      : []),
    ...validatePeers(rule),
    ...validateDomains(peers.FQDNs ?? [], `${path}.toFQDNs`),
    ...validatePorts(rule),
    ...validateIcmps(icmps, `${path}.icmps`),
  ];
}

/** Peers of several kinds in one rule: Cilium refuses to say whether both must hold. */
function validateCombination({ peers, path, prefix }: CiliumRule): FieldError[] {
  const used = peerKinds.filter((kind) => (peers[kind] ?? []).length > 0);
  const [first, second] = used;
  if (first === undefined || second === undefined) return [];
  const name = (kind: string): string => `${prefix === 'from' ? 'From' : 'To'}${kind}`;
  return [problem(path, `combining ${name(first)} and ${name(second)} is not supported yet`)];
}
