/** Clusters that are larger than what an engine is documented to bear. */
import { engineProfiles } from '@weir/model';
import { copiesOf } from '@weir/snapshot';
import type { LintContext } from '../../context/lint-context.ts';
import type { LintObject } from '../../context/lint-object.ts';
import type { LintRule } from '../../lint-rule.ts';
import { askedEngines, titleOf } from './asked-engines.ts';

export const engineScale: LintRule = {
  id: 'engine-scale',
  title: 'more nodes or pods than an engine is documented to bear',
  severity: 'warning',
  *check(context) {
    const about = firstOf(context);
    if (about === undefined) return;
    const counts = countsOf(context);
    for (const engine of askedEngines(context)) {
      const { limits } = engineProfiles[engine];
      if (limits === undefined) continue;
      for (const what of ['nodes', 'pods'] as const) {
        if (counts[what] <= limits[what]) continue;
        yield {
          about,
          message: `there are ${counts[what]} ${what}; ${titleOf(engine)} bears ${limits[what]} on Linux, and may run out of memory beyond`,
          action: 'take another engine: see weir engine recommend',
        };
      }
    }
  },
};

/** Planned pods count as often as their workloads have them. */
function countsOf({ snapshot, objects }: LintContext): { readonly nodes: number; readonly pods: number } {
  let pods = 0;
  for (const { metadata } of snapshot.pods.values())
    pods += copiesOf(snapshot, { namespace: metadata.namespace ?? 'default', name: metadata.name ?? '' });
  return { nodes: objects.filter(({ object }) => object.kind === 'Node' && object.apiVersion === 'v1').length, pods };
}

/** The first node stands for the cluster, or whatever is there. */
function firstOf({ objects }: LintContext): LintObject | undefined {
  return objects.find(({ object }) => object.kind === 'Node') ?? objects[0];
}
