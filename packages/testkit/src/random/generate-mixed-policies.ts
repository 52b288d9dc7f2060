/** Random worlds with policies of several APIs at once, and what an engine is told of them. */
import { unreachable } from '@weir/net';
import type { MixedWorld } from '../oracle/mixed/mixed-oracle.ts';
import type { World } from '../oracle/world.ts';
import { withCalicoPolicies } from './generate-calico-policies.ts';
import { withCiliumPolicies } from './generate-cilium-policies.ts';

/** Whose policies stand beside those of Kubernetes and of administrators. */
export type PolicyMix = 'calico' | 'cilium' | 'all';

/** The world with them; the same seed gives the same ones. */
export function withMixedPolicies(world: World, seed: number, mix: PolicyMix): MixedWorld {
  const calico = withCalicoPolicies(world, seed);
  const all: MixedWorld = { ...calico, ...withCiliumPolicies(calico, seed), policyObjects: calico.policyObjects };
  switch (mix) {
    case 'calico':
      return { ...all, ciliumPolicies: [] };
    case 'cilium':
      return { ...all, policyObjects: all.policyObjects.filter(({ kind }) => kind === 'ClusterNetworkPolicy') };
    case 'all':
      return all;
    default:
      return unreachable(mix);
  }
}

/** The same world with every object of a policy API, and all that these refer to, where engines are told of such. */
export function toldWorld(world: MixedWorld): World {
  const { policyObjects, tiers, networkSets, ciliumPolicies, cidrGroups, services, endpointSlices } = world;
  return {
    ...world,
    policyObjects: [...policyObjects, ...tiers, ...networkSets, ...ciliumPolicies, ...cidrGroups, ...services, ...endpointSlices],
  };
}
