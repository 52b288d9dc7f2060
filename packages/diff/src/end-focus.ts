/**
 * Where a difference is about few pods that are something else: those pods, and the ends with which their connections may change.
 *
 * ```
 *   pods that are something else, or selected by policies that say something else ─▶ the focus ─▶ what its policies ask about ─▶ classes
 * ```
 *
 * The policies of all others are asked about the focus alone, and so its pods are told apart one by one instead of by
 * what ten thousand policies might ask.
 */
import { type Policy, type PolicyWorld, selectorMatches } from '@weir/model';
import { type Side, sides } from './both-sides.ts';
import { isOtherPod } from './comparison-scope.ts';
import { type ComparedSides, type JointClass, jointClasses } from './joint-ends.ts';
import type { PairedPod } from './paired-pods.ts';
import { policyKeys } from './policy-keys.ts';

/** The classes whose connections may change. */
export interface EndFocus {
  readonly classes: readonly JointClass[];
  /** Whether a class is of pods of the focus; between two others nothing changes. */
  holds(one: JointClass): boolean;
  /** Whether a class is of pods that are something else than they were, whoever asks. */
  isOther(one: JointClass): boolean;
}

/** With more pods than these, everybody is asked about everything. */
const focusMax = 100;

/** The focus of a difference of which some pods are something else; undefined where it is about many. */
export function focusOf(compared: ComparedSides, pods: readonly PairedPod[], policies: readonly Policy[]): EndFocus | undefined {
  const { before, after } = compared;
  const focus = new Set(pods.filter((pod) => isOtherPod(pod) || policies.some((policy) => isSelected(policy, pod))));
  if (focus.size > focusMax) return undefined;
  const numbers = new Map([...focus].map((pod, at) => [pod, `focus ${at}`]));
  const worlds = { before: worldOf(before.world, focus, 'before'), after: worldOf(after.world, focus, 'after') };
  const keyOf = policyKeys(before.world);
  // Of a pod that is something else, the policies of anybody may ask.
  const classes = jointClasses(compared, {
    pods,
    worlds,
    moreOf: (pod) => numbers.get(pod) ?? (pod.before === undefined ? '' : keyOf(pod.before)),
    isSame: (pod) => !focus.has(pod),
  });
  return { classes, holds: classesWith([...focus]), isOther: classesWith([...focus].filter(isOtherPod)) };
}

/** Whether a class has one of the pods. */
function classesWith(pods: readonly PairedPod[]): (one: JointClass) => boolean {
  const endpoints = new Set(pods.flatMap(({ before, after }) => [before, after].filter((endpoint) => endpoint !== undefined)));
  return ({ kind, ends }) =>
    kind === 'pods' && ends.some((end) => sides.some((side) => end[side]?.kind === 'endpoint' && endpoints.has(end[side].endpoint)));
}

/** Whether a policy selects the pod on either side. */
function isSelected({ subject }: Policy, { before, after }: PairedPod): boolean {
  return [before, after].some((endpoint) => endpoint !== undefined && selectorMatches(subject, endpoint));
}

/** The world with those policies alone that select pods of the focus. */
function worldOf(world: PolicyWorld, focus: ReadonlySet<PairedPod>, side: Side): PolicyWorld {
  const selecting = new Set<Policy>();
  for (const pod of focus) {
    const endpoint = pod[side];
    for (const { policies } of endpoint === undefined ? [] : world.selecting(endpoint))
      for (const policy of policies) selecting.add(policy);
  }
  return { ...world, tiers: world.tiers.map((tier) => ({ ...tier, policies: tier.policies.filter((policy) => selecting.has(policy)) })) };
}
