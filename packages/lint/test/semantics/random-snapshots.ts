/** Random worlds of the testkit as snapshots, and every flow of their ends that something tells apart. */
import { classifyEnds, type TrafficClass, trafficClasses } from '@weir/connectivity';
import type { FlowQuestion, Policy, PolicyWorld, Rule } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { generateWorld, objectsOf, type PolicyMix, Random, toldWorld, type World, withMixedPolicies } from '@weir/testkit';

/** A world with policies of Kubernetes alone, or of other APIs too. */
export function randomWorld(seed: number, mix?: PolicyMix): World {
  const world = generateWorld(seed, { podCountMin: 6, policyCountMin: 3 });
  return mix === undefined ? world : toldWorld({ ...withMixedPolicies(world, seed, mix), resolved: {} });
}

/** The world without pods that have no address yet, so that every fact is known. */
export function knownWorld(world: World): World {
  return { ...world, pods: world.pods.filter(({ status }) => status?.podIP !== undefined || (status?.podIPs ?? []).length > 0) };
}

/** The world without the addresses of some pods and without some namespaces, as manifests have them. */
export function partlyKnown(world: World, seed: number): World {
  const random = new Random(seed);
  return {
    ...world,
    namespaces: world.namespaces.filter(() => random.chance(0.6)),
    pods: world.pods.map((pod) => (random.chance(0.5) && pod.status?.phase === 'Running' ? { ...pod, status: { phase: 'Pending' } } : pod)),
  };
}

/** The snapshot of a world. */
export function snapshotOf(world: World): Snapshot {
  return loadSnapshot(objectsOf(world));
}

/** Every flow between the pods, the nodes and the addresses outside that rules tell apart, with one packet of each class of traffic. */
export function* questionsOf(snapshot: Snapshot): Iterable<FlowQuestion> {
  const { world } = snapshot;
  for (const family of [4, 6] as const) {
    const { classes } = classifyEnds({ snapshot, worlds: [world], family, include: () => true, withUnaddressed: true });
    const ends = classes.flatMap((one) => one.ends);
    const traffic = trafficClasses([world], world.endpoints, family).map(packetOf);
    for (const source of ends)
      for (const destination of ends) for (const packet of traffic) yield { source, destination, family, ...packet };
  }
}

function packetOf({ protocol, port, sourcePort, icmp }: TrafficClass): Omit<FlowQuestion, 'source' | 'destination'> {
  return {
    protocol,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}

/** The world without some of its rules and policies. */
export function worldWithout(
  world: PolicyWorld,
  without: { readonly rules: ReadonlySet<Rule>; readonly policies: ReadonlySet<Policy> },
): PolicyWorld {
  const staying = (policy: Policy): Policy => ({
    ...policy,
    ...(policy.ingress === undefined
      ? {}
      : { ingress: { ...policy.ingress, rules: policy.ingress.rules.filter((rule) => !without.rules.has(rule)) } }),
    ...(policy.egress === undefined
      ? {}
      : { egress: { ...policy.egress, rules: policy.egress.rules.filter((rule) => !without.rules.has(rule)) } }),
  });
  return world.withTiers(
    world.tiers.map((tier) => ({ ...tier, policies: tier.policies.filter((policy) => !without.policies.has(policy)).map(staying) })),
  );
}
