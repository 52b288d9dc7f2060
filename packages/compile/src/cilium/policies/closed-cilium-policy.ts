/**
 * What stands for a refused policy of which no version was ever accepted: whom it selects, in the directions that it
 * speaks of, gets nothing through.
 *
 * A refused denial would stop what other policies allow, so a direction with denials is denied whole; in one without,
 * the policy isolates and allows nothing. What cannot be read counts against the traffic.
 */
import { checkShape, type LabelSelector } from '@weir/kube';
import { type Direction, type DirectionRules, networkPolicyOrder, type Policy } from '@weir/model';
import type { PlacedPolicy } from '../../policy-api.ts';
import { auditAnnotation, type CiliumPolicy, namespaceOfPolicy } from '../objects/cilium-policy.ts';
import { ciliumSpecShape } from '../objects/cilium-shapes.ts';
import { validateSelector } from '../validation/validate-cilium-peers.ts';
import { ciliumAllowTier, ciliumDenyTier, ciliumPolicyRef } from './compile-cilium-policy.ts';
import { compileCiliumSubject } from './compile-cilium-selector.ts';

/** The closed stand-ins for a refused policy; its `metadata` must be readable. */
export function closedCiliumPolicy(policy: CiliumPolicy): readonly PlacedPolicy[] {
  if (policy.metadata.annotations?.[auditAnnotation] === 'true') return [];
  return unreadSpecs(policy).flatMap((spec) => closedSpec(policy, spec));
}

/** The specs as far as there are any; something else in their place is one that nobody can read. */
function unreadSpecs({ spec, specs }: { readonly spec?: unknown; readonly specs?: unknown }): readonly unknown[] {
  const one = spec === undefined || spec === null ? [] : [spec];
  const more: readonly unknown[] = specs === undefined || specs === null ? [] : Array.isArray(specs) ? specs : [undefined];
  const all = [...one, ...more];
  return all.length === 0 ? [undefined] : all;
}

function closedSpec(policy: CiliumPolicy, spec: unknown): PlacedPolicy[] {
  const fields = typeof spec === 'object' && spec !== null ? (spec as Readonly<Record<string, unknown>>) : undefined;
  // It speaks of nodes alone. Closed without ports that stay open, they would not hear of the policy's correction either.
  if (fields !== undefined && fields['endpointSelector'] === undefined && fields['nodeSelector'] !== undefined) return [];
  const subject = compileCiliumSubject(readableSelector(fields?.['endpointSelector']), namespaceOfPolicy(policy));
  const saysNothing = fields !== undefined && sections.every((section) => !isSaid(fields[section]));
  const isSpokenOf = (section: string): boolean => fields === undefined || saysNothing || isSaid(fields[section]);
  const ref = ciliumPolicyRef(policy);
  const place = (rulesIn: (direction: Direction) => DirectionRules | undefined): Policy => {
    const ingress = rulesIn('ingress');
    const egress = rulesIn('egress');
    const base = { ref, order: networkPolicyOrder, subject, orderedBy: 'Cilium', staged: false } as const;
    return { ...base, ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
  };
  const denied = (['ingress', 'egress'] as const).filter((direction) => isSpokenOf(`${direction}Deny`));
  const deny = place((direction) =>
    denied.includes(direction)
      ? {
          isolates: false,
          rules: [{ action: 'deny', match: { source: {}, destination: {} }, origin: { policy: ref, direction, ruleIndex: 0 } }],
        }
      : undefined,
  );
  const isolated = place((direction) =>
    isSpokenOf(direction) || isSpokenOf(`${direction}Deny`) ? { isolates: true, rules: [] } : undefined,
  );
  return [...(denied.length === 0 ? [] : [{ tier: ciliumDenyTier, policy: deny }]), { tier: ciliumAllowTier, policy: isolated }];
}

const sections = ['ingress', 'ingressDeny', 'egress', 'egressDeny'];

/** Whether a section has anything in it; what is no list does. */
function isSaid(section: unknown): boolean {
  return Array.isArray(section) ? section.length > 0 : section !== undefined && section !== null;
}

/** The selector when it can be read, else one of every pod of the namespace or the cluster. */
function readableSelector(selector: unknown): LabelSelector {
  const isReadable = checkShape({ endpointSelector: selector }, ciliumSpecShape, '').length === 0;
  if (!isReadable || selector === undefined || selector === null) return {};
  const read: LabelSelector = selector;
  return validateSelector(read, '').length === 0 ? read : {};
}
