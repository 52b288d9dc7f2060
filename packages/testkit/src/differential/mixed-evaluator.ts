/** Weir's own engine over worlds with policies of every API: everything compiled into the model, and flows judged there. */
import type { ReferredObjects } from '@weir/compile';
import { engineProfiles } from '@weir/model';
import type { MixedWorld } from '../oracle/mixed/mixed-oracle.ts';
import { groupsOf, referredIn } from './cilium-evaluator.ts';
import { calicoReferred, PlacedEvaluator, placePolicies } from './placed-evaluator.ts';

/** Judges flows in the world. */
export function mixedEvaluator(world: MixedWorld): PlacedEvaluator {
  const policies = placePolicies([...world.networkPolicies, ...world.policyObjects, ...world.ciliumPolicies], referredInMixed(world));
  return new PlacedEvaluator(world, policies, engineProfiles.kubernetes, groupsOf(world));
}

/** What policies of any API refer to. */
function referredInMixed(world: MixedWorld): ReferredObjects {
  const [calico, cilium] = [calicoReferred(world), referredIn(world)];
  const list: ReferredObjects['list'] = (kind, namespace) => {
    const found = calico.list(kind, namespace);
    return found.length > 0 ? found : cilium.list(kind, namespace);
  };
  return { list, get: (kind, name, namespace) => list(kind, namespace).find(({ metadata }) => metadata.name === name) };
}
