/** Policies and services that mean something else with another engine: what engines make of what the specification leaves open. */
import { planMigration } from '@weir/analyze';
import type { EngineName } from '@weir/model';
import { assumeCluster, assumedPodRange } from '@weir/snapshot';
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
  const said = new Map<string, number>();
  const found: (DraftFinding & { readonly cause: string })[] = [];
  for (const { kind, namespace, name, changes } of objects) {
    const about = byName.get(`${kind} ${namespace}/${name}`);
    if (about === undefined) continue;
    for (const { cause, sentence, field, change, flows, pairs } of changes) {
      const [flow] = flows;
      if (foundElsewhere.has(cause) || flow === undefined) continue;
      said.set(cause, (said.get(cause) ?? 0) + 1);
      // It is the same of every policy that isolates egress.
      if (cause === 'own node' && (said.get(cause) ?? 0) > 1) continue;
      const rest = pairs > flow.pairs ? ', and others' : '';
      found.push({
        cause,
        about,
        ...(field === undefined ? {} : { field }),
        message: `${sentence}: ${titleOf(engine)} ${change === 'lost' ? 'denies' : 'allows'} ${flow.traffic} from ${flow.sources} to ${flow.destinations}${rest}`,
        action: actionFor(cause),
      });
    }
  }
  for (const { cause, ...finding } of found) {
    const others = (said.get(cause) ?? 1) - 1;
    yield cause === 'own node' && others > 0 ? { ...finding, message: `${finding.message}; so with ${others} more` } : finding;
  }
}

function actionFor(cause: string): string {
  if (cause === 'own node') return 'no policy makes it alike: let nothing listen on the nodes that pods may not reach';
  if (cause === 'NodePort') return 'set externalTrafficPolicy: Local, so that policies see who asks';
  return 'say it in a way that means the same with both: weir migrate proposes how';
}

/** Manifests say what is wanted of a cluster, not where it puts it: pods without addresses get some of the range that AKS gives. */
function placedObjects({ input, snapshot }: LintContext): LintInput['objects'] {
  const isPlaced = [...snapshot.endpoints.values()].some(({ addresses }) => addresses.length > 0);
  return isPlaced ? input.objects : assumeCluster(input.objects, assumedPodRange).objects;
}
