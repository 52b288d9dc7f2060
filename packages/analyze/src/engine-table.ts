/**
 * The engines of AKS side by side: the table of "Secure traffic between pods by using network policies in
 * AKS" with its limits, how they behave where the specification leaves room (from their profiles), and
 * what Weir has of each or adds to it.
 */
import { type EngineProfile, engineProfiles } from '@weir/model';
import { factRows } from './engine-facts.ts';
import { type ComparedEngine, comparedEngines, type EngineRow } from './engine-row.ts';

const azureSupport = 'by the Azure support and engineering team';

const articleRows: readonly EngineRow[] = [
  {
    feature: 'Recommended',
    source: 'article',
    azure: 'no',
    calico: 'no',
    cilium: 'yes: eBPF is more efficient than iptables',
    weir: 'weir engine recommend says which fits a cluster, and why',
  },
  {
    feature: 'Supported platforms',
    source: 'article',
    azure: 'Linux, Windows Server 2022 (preview)',
    calico: 'Linux, Windows Server 2019 and 2022',
    cilium: 'Linux',
    weir: 'Linux; Windows through HNS, in the lab on an emulator of it, never run on Windows itself',
  },
  {
    feature: 'Supported networking options',
    source: 'article',
    azure: 'Azure CNI',
    calico: 'Azure CNI (Linux, Windows Server 2019 and 2022) and kubenet (Linux)',
    cilium: 'Azure CNI',
    weir: 'any routed pod network; no CNI plugin calls its start gate outside of the lab yet',
  },
  {
    feature: 'Compliance with the Kubernetes specification',
    source: 'article',
    azure: 'all policy types supported',
    calico: 'all policy types supported',
    cilium: 'all policy types supported',
    weir: 'networking.k8s.io/v1 in full, each behaviour tested against an independent oracle',
  },
  {
    feature: 'Other features',
    source: 'article',
    azure: 'none',
    calico: 'extended policy model: global network policy, global network set, host endpoint; calicoctl',
    cilium: 'none',
    weir: 'why, matrix and status of policies, flow log with the rule that decides; policies of every API; host endpoints on nftables',
  },
  {
    feature: 'Support',
    source: 'article',
    azure: azureSupport,
    calico: azureSupport,
    cilium: azureSupport,
    weir: 'none: see SECURITY.md for what is promised',
  },
];

/** The whole table. */
export function engineTable(): readonly EngineRow[] {
  return [...articleRows, ...factRows, ...limitRows(), ...behaviourRows()];
}

type Behaviour = (profile: EngineProfile) => string;

function row(feature: string, source: EngineRow['source'], say: Behaviour, weir: string): EngineRow {
  const cells = Object.fromEntries(comparedEngines.map((engine) => [engine, say(engineProfiles[engine])]));
  return { feature, source, ...(cells as Record<ComparedEngine, string>), weir };
}

function limitRows(): EngineRow[] {
  return [
    row('IPv6', 'article', ipv6Of, 'a policy with IPv6 blocks is refused with its field, a dual-stack cluster at its creation'),
    {
      feature: 'Not supported on Windows',
      source: 'article',
      azure: windowsGapsOf(engineProfiles.azure),
      calico: `not in the article; its source skips rules with ${windowsGapsOf(engineProfiles.calico, 'Calico')}, with a line in the log`,
      cilium: 'does not run on Windows',
      weir:
        'as the engine, and no SCTP: such a policy is refused as a whole, with log, metric, Event, weir policy status; ' +
        '--windows-expand-unsupported enforces negative selectors and except all the same',
    },
    row(
      'Scale',
      'article',
      ({ limits }) =>
        limits === undefined
          ? 'no limit documented'
          : `at most ${limits.nodes} nodes and ${limits.pods} pods on Linux, else it may run out of memory`,
      'an error in the log, a metric and an Event beyond it; enforcement goes on',
    ),
  ];
}

function behaviourRows(): EngineRow[] {
  return [
    row(
      'Data plane',
      'profile',
      ({ dataplanes: { linux, windows } }) => (windows === undefined ? linux : `${linux}; ${windows} on Windows`),
      'chosen with the engine, --dataplane overrides',
    ),
    row(
      'ipBlock selects pods and nodes',
      'profile',
      ({ ipBlockMatchesPods, ipBlockMatchesNodes }) => (ipBlockMatchesPods && ipBlockMatchesNodes ? 'yes, by address' : 'never'),
      'as the engine',
    ),
    row(
      'Port name in an egress rule',
      'profile',
      ({ egressPortNames }) =>
        egressPortNames === 'of the destination'
          ? egressPortNames
          : 'one number in the cluster, of every destination; no port where it has several',
      'as the engine',
    ),
    row(
      'Pod to its own node',
      'profile',
      ({ podReachesOwnNode }) => (podReachesOwnNode.length > 0 ? 'always on Linux' : 'by egress policies'),
      'as the engine',
    ),
    row('ICMP', 'profile', ({ icmp }) => icmp, 'as the engine'),
    row('Established flows', 'profile', ({ establishedFlows }) => establishedFlows, 'as the engine, --established overrides'),
    row(
      'NodePort, externalTrafficPolicy: Cluster',
      'profile',
      ({ nodePortBypassesIngress }) => (nodePortBypassesIngress ? 'goes past policies on the node that is asked' : 'by ingress policies'),
      'as the engine, with iptables; --iptables-position first judges it',
    ),
    row(
      'A policy that it does not support',
      'profile',
      ({ unsupported, unsupportedPolicies }) => {
        if (unsupported.length === 0) return 'there is none';
        return unsupportedPolicies === 'isolate' ? 'its pods are closed' : 'is not enforced; an error in the log';
      },
      'as the engine; an accepted version stays in force',
    ),
  ];
}

function ipv6Of({ unsupported }: EngineProfile): string {
  const gap = unsupported.find(({ feature }) => feature === 'ipv6');
  if (gap === undefined) return 'supported';
  return gap.operatingSystem === 'any' ? 'not supported' : `not supported on ${gap.operatingSystem === 'windows' ? 'Windows' : 'Linux'}`;
}

const featureWords = {
  'named-port': 'named ports',
  sctp: 'SCTP',
  'negative-selector': 'negative selectors',
  'ip-block-except': 'except in ipBlock',
  ipv6: 'IPv6',
} as const;

/** IPv6 has a row of its own. `who`: only what is refused in that name. */
function windowsGapsOf({ unsupported }: EngineProfile, who = ''): string {
  const gaps = unsupported.filter(
    ({ feature, operatingSystem, message }) => operatingSystem === 'windows' && feature !== 'ipv6' && message.startsWith(who),
  );
  return gaps.map(({ feature }) => featureWords[feature]).join(', ');
}
