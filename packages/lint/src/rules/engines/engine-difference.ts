/** Policies and services that mean something else with another engine: what engines make of what the specification leaves open. */
import { assumeCluster, assumedPodRange, planMigration } from '@weir/analyze';
import type { EngineName } from '@weir/model';
import type { LintContext, LintInput } from '../../context/lint-context.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { otherEngines, titleOf } from './asked-engines.ts';

/** What is found elsewhere: policies that an engine refuses (`engine-support`). */
const foundElsewhere: ReadonlySet<string> = new Set(['IPv6', 'Windows']);

export const engineDifference: LintRule = {
  id: 'engine-difference',
  title: 'a policy or a service that means something else with another engine',
  severity: 'info',
  *check(context) {
    for (const engine of otherEngines(context)) yield* differences(context, engine);
  },
};

function* differences(context: LintContext, engine: EngineName): Iterable<DraftFinding> {
  const { expandsUnsupported = false } = context.reading;
  const { objects } = planMigration({ objects: placedObjects(context), from: context.profile.name, to: engine, expandsUnsupported });
  const byName = new Map(context.objects.map((of) => [of.name, of]));
  for (const { kind, namespace, name, changes } of objects) {
    const about = byName.get(`${kind} ${namespace}/${name}`);
    if (about === undefined) continue;
    for (const { cause, sentence, field, change, flows, pairs } of changes) {
      const [flow] = flows;
      if (foundElsewhere.has(cause) || flow === undefined) continue;
      const rest = pairs > flow.pairs ? ', and others' : '';
      yield {
        about,
        ...(field === undefined ? {} : { field }),
        message: `${sentence}: ${titleOf(engine)} ${change === 'lost' ? 'denies' : 'allows'} ${flow.traffic} from ${flow.sources} to ${flow.destinations}${rest}`,
        action: 'say it in a way that means the same with both: weir migrate proposes how',
      };
    }
  }
}

/** Manifests say what is wanted of a cluster, not where it puts it: pods without addresses get some of the range that AKS gives. */
function placedObjects({ input, snapshot }: LintContext): LintInput['objects'] {
  const isPlaced = [...snapshot.endpoints.values()].some(({ addresses }) => addresses.length > 0);
  return isPlaced ? input.objects : assumeCluster(input.objects, assumedPodRange).objects;
}
