/** The rules of NetworkPolicies as they are written, with the fields that they stand in. */
import { defaultNetworkPolicy, type NetworkPolicy, type NetworkPolicyPeer, type NetworkPolicyPort } from '@weir/kube';
import type { Direction } from '@weir/model';
import type { LintContext } from './lint-context.ts';
import type { LintPolicy } from './lint-policy.ts';

/** One rule. */
export interface WrittenRule {
  readonly of: LintPolicy;
  readonly policy: NetworkPolicy;
  readonly direction: Direction;
  /** `spec.ingress[0]`. */
  readonly field: string;
  /** The field of its peers: `from` or `to`. */
  readonly list: 'from' | 'to';
  /** Absent, like an empty list, means everybody. */
  readonly peers?: readonly NetworkPolicyPeer[];
  /** Absent, like an empty list, means every port. */
  readonly ports?: readonly NetworkPolicyPort[];
}

/** The NetworkPolicies of Kubernetes that are not refused, as they are written. */
export function writtenPolicies({ policies }: Pick<LintContext, 'policies'>): readonly (LintPolicy & { readonly object: NetworkPolicy })[] {
  return policies.flatMap((of) => {
    const { kind, apiVersion } = of.object;
    return kind === 'NetworkPolicy' && apiVersion === 'networking.k8s.io/v1' && !of.isRefused ? [{ ...of, object: of.object }] : [];
  });
}

/** Their rules, those of directions too that the policy does not speak of. */
export function writtenRules(context: LintContext): readonly WrittenRule[] {
  return context.once('written rules', () => readRules(context));
}

function readRules(context: LintContext): readonly WrittenRule[] {
  return writtenPolicies(context).flatMap((of) => {
    const { ingress = [], egress = [] } = defaultNetworkPolicy(of.object).spec;
    return [
      ...ingress.map(({ from, ports }, i): WrittenRule => written(of, 'ingress', i, { peers: from, ports })),
      ...egress.map(({ to, ports }, i): WrittenRule => written(of, 'egress', i, { peers: to, ports })),
    ];
  });
}

function written(
  of: LintPolicy & { readonly object: NetworkPolicy },
  direction: Direction,
  index: number,
  { peers, ports }: { readonly peers: readonly NetworkPolicyPeer[] | undefined; readonly ports: readonly NetworkPolicyPort[] | undefined },
): WrittenRule {
  return {
    of,
    policy: of.object,
    direction,
    field: `spec.${direction}[${index}]`,
    list: direction === 'ingress' ? 'from' : 'to',
    ...(peers === undefined ? {} : { peers }),
    ...(ports === undefined ? {} : { ports }),
  };
}
