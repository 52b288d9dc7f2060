/** Why flows change: what the engines do differently, in a name for programs and a sentence for people. */
import { unsupportedFields } from '@weir/compile';
import { type ChangedFlows, policyKey } from '@weir/connectivity';
import { defaultNetworkPolicy, type NetworkPolicy } from '@weir/kube';
import { type Endpoint, type EngineName, enforcementTarget, type OperatingSystem, type Policy, type Rule } from '@weir/model';
import { unreachable } from '@weir/net';
import { engineTitles } from '../engine-row.ts';
import { portNameCause } from './port-name-cause.ts';

/** What makes a difference. */
type MigrationCause =
  | 'ipBlock over pods'
  | 'ipBlock over nodes'
  | 'named port'
  | 'own node'
  | 'IPv6'
  | 'Windows'
  | 'NodePort'
  | 'patch'
  | 'other';

/** A cause with its place in the policy. */
export interface ChangeReason {
  readonly cause: MigrationCause;
  readonly sentence: string;
  /** The field of the policy, for example `spec.egress[0].to[1].ipBlock`. */
  readonly field?: string;
}

/** What the reasons are found by. */
export interface ReasonContext {
  readonly from: EngineName;
  readonly to: EngineName;
  /** All pods. */
  readonly pods: readonly Endpoint[];
  /** The systems on which there are pods. */
  readonly systems: readonly OperatingSystem[];
  readonly expandsUnsupported: boolean;
  /** The policies' objects by {@link policyKey}. */
  readonly objects: ReadonlyMap<string, NetworkPolicy>;
  /** The policies that were patched for the new engine. */
  readonly patched?: ReadonlySet<string>;
}

/** What people call the engines. */
export const migrationTitles: Readonly<Record<EngineName, string>> = { ...engineTitles, kubernetes: 'the specification' };

/** The policy that a change stands under. */
export function policyOf({ difference }: ChangedFlows): Pick<Policy, 'ref' | 'source'> {
  if (difference.kind !== 'rule') return difference.policy;
  const { policy: ref, source } = difference.rule.origin;
  return { ref, ...(source === undefined ? {} : { source }) };
}

/** The reason of a change. */
export function reasonOf(changed: ChangedFlows, context: ReasonContext): ChangeReason {
  const { difference, change } = changed;
  const [allowing, denying] = change === 'lost' ? [context.from, context.to] : [context.to, context.from];
  switch (difference.kind) {
    case 'own node':
      return {
        cause: 'own node',
        sentence: `with ${migrationTitles[allowing]} a pod reaches its own node whatever its egress rules say, with ${migrationTitles[denying]} it needs a rule`,
      };
    case 'isolation': {
      const gap = gapOf(difference.policy, allowing, context);
      const what = gap === undefined ? '' : `: ${gap.message}`;
      const then = gapOf(difference.policy, denying, context) === undefined ? 'does' : 'closes its pods';
      return {
        cause: gap === undefined ? 'other' : causeOfGap(gap.feature),
        sentence: `${migrationTitles[allowing]} does not enforce the policy, ${migrationTitles[denying]} ${then}${what}`,
        ...(gap === undefined ? {} : { field: gap.field }),
      };
    }
    case 'rule':
      return reasonOfRule(difference, { allowing, denying }, context);
    default:
      return unreachable(difference);
  }
}

interface Engines {
  readonly allowing: EngineName;
  readonly denying: EngineName;
}

function reasonOfRule(
  { rule, peers }: { readonly rule: Rule; readonly peers: 'pods' | 'nodes' | 'outside' },
  { allowing, denying }: Engines,
  context: ReasonContext,
): ChangeReason {
  if (context.to === allowing && context.patched?.has(policyKey({ ref: rule.origin.policy })) === true)
    return { cause: 'patch', sentence: 'the patch allows it', field: fieldOf(rule) };
  const gap = gapOf({ ref: rule.origin.policy }, denying, context);
  if (gap !== undefined) {
    const sentence = `${migrationTitles[denying]} refuses the policy, which then allows nothing: ${gap.message}`;
    return { cause: causeOfGap(gap.feature), sentence, field: gap.field };
  }
  const side = rule.origin.direction === 'ingress' ? rule.match.source : rule.match.destination;
  if (side.nets !== undefined && peers !== 'outside') {
    return {
      cause: peers === 'pods' ? 'ipBlock over pods' : 'ipBlock over nodes',
      sentence: `with ${migrationTitles[denying]} an ipBlock never means ${peers}, with ${migrationTitles[allowing]} it does`,
      field: `${fieldOf(rule)}.ipBlock`,
    };
  }
  const titled = (engine: EngineName): { engine: EngineName; title: string } => ({ engine, title: migrationTitles[engine] });
  const named = portNameCause(rule, { allowing: titled(allowing), denying: titled(denying), pods: context.pods });
  if (named !== undefined) return { cause: 'named port', sentence: named, field: `spec.egress[${rule.origin.ruleIndex}].ports` };
  return { cause: 'other', sentence: `${migrationTitles[allowing]} allows it, ${migrationTitles[denying]} does not`, field: fieldOf(rule) };
}

/** The rule, or its peer, as a path in the policy. */
function fieldOf({ origin: { direction, ruleIndex, peerIndex } }: Rule): string {
  const rule = `spec.${direction}[${ruleIndex}]`;
  return peerIndex === undefined ? rule : `${rule}.${direction === 'ingress' ? 'from' : 'to'}[${peerIndex}]`;
}

/** The first field of the policy that the engine does not support on one of the systems. */
function gapOf(
  policy: Pick<Policy, 'ref'>,
  engine: EngineName,
  context: ReasonContext,
): ReturnType<typeof unsupportedFields>[number] | undefined {
  const object = context.objects.get(policyKey(policy));
  if (object === undefined) return undefined;
  const defaulted = defaultNetworkPolicy(object);
  return context.systems
    .flatMap((system) => unsupportedFields(defaulted, enforcementTarget(engine, system, context.expandsUnsupported)))
    .at(0);
}

function causeOfGap(feature: string): MigrationCause {
  return feature === 'ipv6' ? 'IPv6' : 'Windows';
}
