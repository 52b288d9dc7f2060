/**
 * Pods that are not among the objects of two snapshots, in both of them: a comparison of these tells also what
 * changes for workloads that are elsewhere, as it does for policies that stand apart from what they are about.
 */
import { type Policy, type Selector, selectorKey, selectorMatchesLabels } from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import { absentPods } from './absent-pods.ts';
import { withPods } from './exposure.ts';

/**
 * The snapshots with the same pods beside their own: any other pod of each namespace, any of another namespace, and one
 * for each subject and peer of the policies (by default all of both sides) to which no pod of a side answers.
 */
export function withAbsentPods(
  before: Snapshot,
  after: Snapshot,
  policies: readonly Policy[] = [before, after].flatMap(({ world }) => world.tiers.flatMap((tier) => tier.policies)),
): readonly [before: Snapshot, after: Snapshot] {
  const selectors = policies.flatMap(selectorsOf);
  const unanswered = new Map([before, after].flatMap((side) => unansweredOn(side, selectors)).map((one) => [selectorKey(one), one]));
  const extend = (side: Snapshot): Snapshot => withPods(side, absentPods(side, [...unanswered.values()]));
  return [extend(before), extend(after)];
}

function selectorsOf({ subject, ingress, egress }: Policy): Selector[] {
  const rules = [...(ingress?.rules ?? []), ...(egress?.rules ?? [])];
  return [subject, ...rules.flatMap(({ match: { source, destination } }) => [source.selector ?? [], destination.selector ?? []].flat())];
}

function unansweredOn({ world }: Snapshot, selectors: readonly Selector[]): Selector[] {
  const distinct = new Map(selectors.map((selector) => [selectorKey(selector), selector]));
  return [...distinct.values()].filter((selector) => !world.endpoints.some(({ labels }) => selectorMatchesLabels(selector, labels)));
}
