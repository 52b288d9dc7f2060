/**
 * Policies that keep everybody from the DNS of the cluster, at the DNS itself: a default deny for all namespaces that takes
 * kube-system with it.
 *
 * Asked of one pod of each namespace. Where only some may ask, somebody has thought of it.
 */
import { type Endpoint, type FlowEnd, judgeDirection, type PolicyRef, podName, selectorTruth } from '@weir/model';
import { type Family, protocolNumber } from '@weir/net';
import { type ClusterDns, clusterDnsOf } from '../../context/cluster-dns.ts';
import type { LintContext } from '../../context/lint-context.ts';
import type { LintPolicy } from '../../context/lint-policy.ts';
import type { LintRule } from '../../lint-rule.ts';

/** The rule. */
export const clusterDnsDenied: LintRule = {
  id: 'cluster-dns-denied',
  title: 'a policy that keeps all pods from asking the DNS of the cluster, or the DNS from asking others',
  severity: 'warning',
  *check(context) {
    const dns = clusterDnsOf(context);
    for (const [about, name] of culprits(context, deniedAtDns(context, dns), dns)) {
      yield {
        about,
        message: `it selects the DNS of the cluster (${name}) and lets no pod ask it: names are resolved for nobody`,
        action: 'leave kube-system out of what the policy selects, or let UDP and TCP 53 in to the DNS from everywhere',
      };
    }
    for (const [about, name] of culprits(context, closedDns(dns), dns)) {
      yield {
        about,
        message: `it selects the DNS of the cluster (${name}) and lets it reach nothing: it can ask neither the API server nor other servers of names`,
        action: 'leave kube-system out of what the policy selects, or let the DNS reach the API server and the servers of names',
      };
    }
  },
};

/** A pod of the DNS and the policies because of which it is closed. */
interface ClosedDns {
  readonly end: FlowEnd;
  readonly by: readonly PolicyRef[];
}

/** The policies of the pods that are objects here and select the pod for certain, each once with the pod's name. */
function culprits(context: LintContext, closed: readonly ClosedDns[], { world }: ClusterDns): ReadonlyMap<LintPolicy, string> {
  const found = new Map<LintPolicy, string>();
  for (const { end, by } of closed) {
    if (end.kind !== 'endpoint') continue;
    const { endpoint } = end;
    for (const about of by.flatMap((ref) => context.policyOf(ref) ?? [])) {
      const selects = about.compiled.some(({ subject }) => selectorTruth(world, subject, endpoint) === 'yes');
      if (selects && !found.has(about)) found.set(about, podName(endpoint));
    }
  }
  return found;
}

function deniedAtDns(context: LintContext, { ends, world }: ClusterDns): readonly ClosedDns[] {
  const sources = askers(context);
  if (sources.length === 0) return [];
  const verdicts = ends.map((destination) => {
    const asked = sources.map((source) => {
      const question = { source, destination, protocol: protocolNumber.UDP, destinationPort: 53, family: familyOf(source) };
      return judgeDirection(world, question, 'ingress');
    });
    return { destination, asked };
  });
  if (!verdicts.every(({ asked }) => asked.every(({ verdict }) => verdict === 'deny'))) return [];
  return verdicts.map(({ destination, asked }) => {
    const by = asked.flatMap(({ decidedBy, isolatedBy }) =>
      decidedBy?.reason === 'rule' ? [decidedBy.rule.origin.policy] : isolatedBy.map(({ policy }) => policy),
    );
    return { end: destination, by };
  });
}

/** Those of the DNS that are isolated with no allowing rule at all. */
function closedDns({ ends, world }: ClusterDns): readonly ClosedDns[] {
  return ends.flatMap((end): ClosedDns[] => {
    if (end.kind !== 'endpoint') return [];
    const policies = world.selecting(end.endpoint).flatMap((tier) => tier.policies);
    const isolating = policies.filter(({ egress }) => egress?.isolates === true);
    const mayReach = policies.some(({ egress }) => egress?.rules.some(({ action }) => action === 'allow' || action === 'pass') === true);
    return isolating.length === 0 || mayReach ? [] : [{ end, by: isolating.map(({ ref }) => ref) }];
  });
}

/** One pod of each namespace but the DNS's own. */
function askers({ pods }: LintContext): readonly FlowEnd[] {
  const byNamespace = new Map<string, Endpoint>();
  for (const pod of pods.all) if (pod.namespace !== 'kube-system' && !byNamespace.has(pod.namespace)) byNamespace.set(pod.namespace, pod);
  return [...byNamespace.values()].map((endpoint): FlowEnd => {
    const [address] = endpoint.addresses;
    return { kind: 'endpoint', endpoint, ...(address === undefined ? {} : { address }) };
  });
}

function familyOf(end: FlowEnd): Family {
  return end.address?.family ?? 4;
}
