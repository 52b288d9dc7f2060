/** Policies that take more entries than the kernel's maps have: some of what they say would be missing there. */
import { ciliumPolicyMapEntries, type Endpoint, engineProfiles, podName, weirPolicyMapEntries } from '@weir/model';
import { loadSnapshot } from '@weir/snapshot';
import type { LintContext } from '../../context/lint-context.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { askedEngines } from './asked-engines.ts';
import { type MapEntries, policyMapEntries } from './policy-map-entries.ts';

export const policyMapSize: LintRule = {
  id: 'policy-map-size',
  title: 'policies that take more entries than a policy map of eBPF has',
  severity: 'warning',
  *check(context) {
    if (!askedEngines(context).includes('cilium')) return;
    const isOwn = context.profile.name === 'cilium';
    const { world } = isOwn ? context.snapshot : loadSnapshot(context.input.objects, { profile: engineProfiles.cilium });
    const groups = policyMapEntries(world);
    yield* ofPods(context, groups);
    if (isOwn) yield* ofNodes(context, groups);
  },
};

/** Cilium's map of each pod. */
function* ofPods(context: LintContext, groups: readonly MapEntries[]): Iterable<DraftFinding> {
  const { usual, most } = ciliumPolicyMapEntries;
  const said = new Set<string>();
  const over = groups.filter(({ entries }) => entries > usual).sort((a, b) => b.entries - a.entries);
  for (const { pods, entries, largest: largestOf } of over) {
    const largest = largestOf();
    const about = largest === undefined ? undefined : context.policyOf(largest.policy.ref);
    if (largest === undefined || about === undefined || said.has(about.name)) continue;
    said.add(about.name);
    const share = largest.entries === entries ? 'all of them' : `${largest.entries} of them`;
    yield {
      about,
      ...(entries > most ? { severity: 'error' as const } : {}),
      message:
        `the policies of ${tellPods(pods)} take up to ${entries} entries of Cilium's policy map, this policy ${share}; ` +
        (entries > most
          ? `the map has ${most} at the most`
          : `the map has ${usual} unless bpf-policy-map-max says more (at most ${most})`) +
        ', and what does not fit is missing',
      action: 'write fewer or larger blocks, select by fewer labels, or take ranges of ports that begin and end at powers of two',
    };
  }
}

/** Weir's map of each node, which all its pods share; pods that are on no node yet are taken to be on one. */
function* ofNodes(context: LintContext, groups: readonly MapEntries[]): Iterable<DraftFinding> {
  const byNode = new Map<string, { entries: number; largest: MapEntries }>();
  for (const group of groups) {
    for (const node of new Set(group.pods.map((pod) => pod.node ?? ''))) {
      const known = byNode.get(node);
      const largest = known === undefined || known.largest.entries < group.entries ? group : known.largest;
      byNode.set(node, { entries: (known?.entries ?? 0) + group.entries, largest });
    }
  }
  for (const [node, { entries, largest }] of byNode) {
    if (entries <= weirPolicyMapEntries) continue;
    const largestPolicy = largest.largest();
    const about = largestPolicy === undefined ? undefined : context.policyOf(largestPolicy.policy.ref);
    if (about === undefined) continue;
    const where = node === '' ? 'pods without a node' : `the pods of node ${node}`;
    yield {
      about,
      message: `the policies of ${where} take about ${entries} entries of the policy map of Weir's eBPF data plane, which has ${weirPolicyMapEntries}; those of ${tellPods(largest.pods)} take most`,
      action: 'write fewer or larger blocks, or enforce with nftables on such nodes',
    };
  }
}

function tellPods(pods: readonly Endpoint[]): string {
  const [first] = pods;
  const more = pods.length - 1;
  return `${first === undefined ? '' : podName(first)}${more > 0 ? ` and ${more} more` : ''}`;
}
