/**
 * A snapshot in which one policy is another one, without reading everything else again.
 *
 * Whatever is not of the policy is the same object as before, so that what was found out about it still holds.
 */
import type { KubeObject } from '@weir/kube';
import { type Policy, type PolicyRef, policyTieText, type Tier } from '@weir/model';
import { type LoadSnapshotOptions, type Snapshot, systemsOf } from './snapshot.ts';
import { readPolicies } from './snapshot-policies.ts';
import { unorderedPods } from './unordered-pods.ts';

/** The edit. */
export interface PolicyEdit {
  /** A policy of any API, new or in the place of the one of its name. */
  readonly policy: KubeObject;
  /** All objects of the cluster, among which the policy may refer to some. */
  readonly objects: readonly KubeObject[];
  /** As the snapshot was read. */
  readonly expandsUnsupported?: LoadSnapshotOptions['expandsUnsupported'];
}

/** The snapshot after the edit; what is said of it is about this policy alone. Objects that are settings, or are no policies, change nothing here. */
export function withPolicy(snapshot: Snapshot, { policy, objects, expandsUnsupported }: PolicyEdit): Snapshot {
  const { profile } = snapshot.world;
  const among = [...objects.filter((object) => !isSame(object, policy)), policy];
  const systems = systemsOf(snapshot.endpoints);
  const { tiers, diagnostics } = readPolicies([{ object: policy }], { profile, systems, expandsUnsupported }, among);
  const written = tiers.flatMap(({ policies }) => policies);
  const replaced = new Set(written.map(({ ref }) => policyTieText(ref)));
  const world = snapshot.world.withTiers(mergedTiers(snapshot.world.tiers, tiers, (ref) => replaced.has(policyTieText(ref))));
  return {
    ...snapshot,
    world,
    policies: world.tiers.flatMap(({ policies }) => policies),
    diagnostics: [...diagnostics, ...unorderedPods(world)],
  };
}

function isSame(one: KubeObject, other: KubeObject): boolean {
  const { metadata } = one;
  return (
    one.kind === other.kind &&
    one.apiVersion === other.apiVersion &&
    metadata.name === other.metadata.name &&
    metadata.namespace === other.metadata.namespace
  );
}

function mergedTiers(before: readonly Tier[], written: readonly Tier[], isReplaced: (ref: PolicyRef) => boolean): Tier[] {
  const names = new Set([...before, ...written].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [old, young] = [before, written].map((tiers) => tiers.find((tier) => tier.name === name));
    const kept = (old?.policies ?? []).filter(({ ref }: Policy) => !isReplaced(ref));
    const tier = young ?? old;
    return tier === undefined ? [] : [{ ...tier, policies: [...kept, ...(young?.policies ?? [])] }];
  });
}
