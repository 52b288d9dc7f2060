/**
 * What the versions of Cilium that AKS ships do not do with NetworkPolicies, and Weir does when it behaves
 * like Cilium: told for the policies that it concerns, and in no verdict.
 *
 * Sources: cilium/cilium#30003 (a port name of an egress rule that stands for several numbers in the cluster
 * makes Cilium skip the port; ingress rules go by the pod's own), #28684 (endPort was ignored before ranges of
 * ports came with 1.17).
 */
import type { NetworkPolicy, Node } from '@weir/kube';
import { formatProtocol } from '@weir/net';
import { type Endpoint, engineRelease, type Rule } from '@weir/policy';
import { podKey, type Snapshot } from '../snapshot.ts';
import { listed } from './describe-ends.ts';
import { rulesOf } from './traffic-classes.ts';

/** The oldest minor version of Cilium 1 that knows ranges of ports. */
const rangesSince = 17;

/** One sentence for each gap that concerns a policy of the snapshot. */
export function ciliumGaps({ world }: Snapshot, policies: readonly NetworkPolicy[], nodes: readonly Node[]): string[] {
  const version = shippedVersion(nodes);
  const egress = rulesOf(world).filter(({ origin }) => origin.direction === 'egress');
  const ambiguous = egress.flatMap((rule) => ambiguousNames(rule, world.endpoints));
  const ranged = policies.filter(({ spec }) =>
    [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].some(({ ports = [] }) => ports.some(({ endPort }) => endPort !== undefined)),
  );
  return [
    ...[...new Set(ambiguous)].map((text) => `${text}: Cilium ${version} leaves such a port out of egress rules, list the numbers instead`),
    ...(Number(version.split('.')[1]) < rangesSince && ranged.length > 0
      ? [`Cilium ${version} knows no endPort, which ${listed(ranged.map(podKey))} use: list the ports, or take a newer Kubernetes first`]
      : []),
  ];
}

/** What AKS ships for the oldest node; for the newest Kubernetes where no node says its version. */
function shippedVersion(nodes: readonly Node[]): string {
  const minors = nodes.flatMap(({ status }) => {
    const minor = /^v1\.(\d+)\./.exec(status?.nodeInfo?.kubeletVersion ?? '')?.[1];
    return minor === undefined ? [] : [Number(minor)];
  });
  return engineRelease('cilium', 'linux', minors.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...minors))?.version ?? '';
}

/** `egress[0] of shop/p names port http, which is TCP 80 and 8080 in this cluster`. */
function ambiguousNames({ match, origin }: Rule, pods: readonly Endpoint[]): string[] {
  return (match.destination.namedPorts ?? []).flatMap((name) => {
    const carried = pods.flatMap(({ namedPorts }) => namedPorts.filter((port) => port.name === name && port.protocol === match.protocol));
    const numbers = [...new Set(carried.map(({ port }) => port))].sort((a, b) => a - b);
    const [{ protocol } = { protocol: 6 }] = carried;
    const place = `egress[${origin.ruleIndex}] of ${origin.policy.namespace ?? ''}/${origin.policy.name}`;
    return numbers.length < 2
      ? []
      : [`${place} names port ${name}, which is ${formatProtocol(protocol)} ${numbers.join(' and ')} in this cluster`];
  });
}
