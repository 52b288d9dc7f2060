/** What else is to be said of a migration: what no flow shows, and what was not compared. */

import { compilePodSelector } from '@weir/compile';
import type { KubeObject, NetworkPolicy } from '@weir/kube';
import { type Endpoint, type EngineName, engineProfiles, selectorMatches, systemOfEndpoint } from '@weir/model';
import { groupVersionOf, listed, podKey, type Snapshot } from '@weir/snapshot';
import { migrationTitles } from './change-causes.ts';

/** What the notes are about. */
export interface NotedMigration {
  /** As the old engine reads it. */
  readonly before: Snapshot;
  readonly from: EngineName;
  readonly to: EngineName;
  /** NetworkPolicies. */
  readonly policies: readonly NetworkPolicy[];
  /** All objects. */
  readonly objects: readonly KubeObject[];
}

/** One sentence each. */
export function migrationNotes(migration: NotedMigration): string[] {
  return [
    ...establishedNotes(migration),
    ...windowsNotes(migration),
    ...addressNotes(migration),
    ...serviceNotes(migration),
    ...(migration.to === 'cilium' ? [...rangeNotes(migration.policies), ...calicoNotes(migration.objects)] : []),
  ];
}

function establishedNotes({ from, to }: NotedMigration): string[] {
  const [was, becomes] = [engineProfiles[from].establishedFlows, engineProfiles[to].establishedFlows];
  if (was === becomes) return [];
  const what =
    becomes === 'cut' ? 'ends connections that a policy no longer allows' : 'lets connections live on that a policy no longer allows';
  return [`${migrationTitles[to]} ${what}; ${migrationTitles[from]} does not`];
}

/** Pods on Windows have no verdict where an engine does not run, and policies that are theirs alone say nothing then. */
function windowsNotes({ before, from, to, policies }: NotedMigration): string[] {
  const without = [from, to].find((engine) => engineProfiles[engine].dataplanes.windows === undefined);
  const onWindows = [...before.endpoints.values()].filter((endpoint) => systemOfEndpoint(endpoint) === 'windows');
  if (without === undefined || onWindows.length === 0) return [];
  const others = [...before.endpoints.values()].filter((endpoint) => systemOfEndpoint(endpoint) !== 'windows');
  const selects = (subject: Parameters<typeof selectorMatches>[0], pods: readonly Endpoint[]): boolean =>
    pods.some((pod) => selectorMatches(subject, pod));
  // Asked of the objects: engines leave out what they do not enforce.
  const theirs = policies.filter(({ metadata: { namespace = 'default' }, spec }) => {
    const subject = compilePodSelector(spec?.podSelector ?? {}, namespace);
    return selects(subject, onWindows) && !selects(subject, others);
  });
  const names = theirs.map(podKey);
  return [
    `what policies say of ${onWindows.length === 1 ? 'the pod' : `the ${onWindows.length} pods`} on Windows is not compared, because ${migrationTitles[without]} does not run there` +
      (names.length === 0 ? '' : `: ${listed(names)} ${names.length === 1 ? 'is' : 'are'} about no other`),
  ];
}

function addressNotes({ before, policies }: NotedMigration): string[] {
  const ends = [...before.endpoints.values()];
  const waiting = ends.filter(({ addresses }) => addresses.length === 0).length;
  const hasIpv6 = ends.some(({ addresses }) => addresses.some(({ family }) => family === 6));
  const sixes = policies.filter((policy) => blocksOf(policy).some((cidr) => cidr.includes(':')));
  return [
    ...(waiting > 0
      ? [`${waiting} pod${waiting === 1 ? ' has' : 's have'} no address yet and ${waiting === 1 ? 'is' : 'are'} not compared`]
      : []),
    ...(sixes.length > 0 && !hasIpv6
      ? [
          `IPv6 is not compared, because no pod has an IPv6 address; ${listed(sixes.map(podKey))} ${sixes.length === 1 ? 'has' : 'have'} blocks of it (for manifests, --pod-cidr gives one)`,
        ]
      : []),
  ];
}

function blocksOf({ spec }: NetworkPolicy): string[] {
  const peers = [...(spec?.ingress ?? []).flatMap(({ from = [] }) => from), ...(spec?.egress ?? []).flatMap(({ to = [] }) => to)];
  return peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])]));
}

function serviceNotes({ before }: NotedMigration): string[] {
  const isAtNodes = before.services.some(({ spec }) => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer');
  return isAtNodes ? ['ports of nodes are compared as clients outside ask them; pods that ask them are not'] : [];
}

/** People look for it, since Cilium was without ranges for long (cilium/cilium#28684, #32807). */
function rangeNotes(policies: readonly NetworkPolicy[]): string[] {
  const ranged = policies.filter(({ spec }) =>
    [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].some(({ ports = [] }) => ports.some(({ endPort }) => endPort !== undefined)),
  );
  return ranged.length === 0
    ? []
    : [
        `endPort in ${listed(ranged.map(podKey))} keeps its meaning: Cilium has it since 1.16 (AKS's pages ask for 1.17, which comes with Kubernetes 1.32); an older one takes the first port alone`,
      ];
}

function calicoNotes(objects: readonly KubeObject[]): string[] {
  const own = objects.filter((object) => groupVersionOf(object).group.endsWith('projectcalico.org'));
  return own.length === 0
    ? []
    : ["weir convert --to cilium writes Calico's policies as Cilium's, where these can say the same, and tells where they cannot"];
}
