/**
 * Which of the engines of AKS fits a cluster, and why. The article recommends Cilium, which runs on Linux
 * only; with Windows nodes it leaves Calico, and Azure NPM within its limits.
 */

import { engineProfiles } from '@weir/model';
import { unreachable } from '@weir/net';
import type { ClusterTraits } from './cluster-traits.ts';
import { type ComparedEngine, comparedEngines, engineTitles } from './engine-row.ts';

/** What speaks for and against one engine. */
export interface EngineFit {
  readonly engine: ComparedEngine;
  /** What it cannot do for this cluster; empty when it fits. */
  readonly against: readonly string[];
  /** What will be different from other engines, for this cluster. */
  readonly mind: readonly string[];
}

/** The answer: engines in the order in which they are recommended. */
export interface EngineRecommendation {
  /** Undefined when none fits. */
  readonly recommended: ComparedEngine | undefined;
  readonly why: string;
  readonly engines: readonly EngineFit[];
}

/** In the order of the article's preference. */
const preference: readonly ComparedEngine[] = ['cilium', 'calico', 'azure'];

/** Recommends. */
export function recommendEngine(traits: ClusterTraits): EngineRecommendation {
  const fits = comparedEngines
    .map((engine): EngineFit => ({ engine, against: againstOf(engine, traits), mind: mindOf(engine, traits) }))
    .sort((a, b) => a.against.length - b.against.length || preference.indexOf(a.engine) - preference.indexOf(b.engine));
  const [best] = fits;
  const recommended = best?.against.length === 0 ? best.engine : undefined;
  return { recommended, why: whyOf(recommended, traits), engines: fits };
}

function whyOf(recommended: ComparedEngine | undefined, { windowsNodes, calicoKinds }: ClusterTraits): string {
  if (recommended === undefined) return 'no engine can do all that the cluster uses; the first of the list lacks least';
  switch (recommended) {
    case 'cilium':
      return 'the article recommends Cilium, all nodes run Linux, and nothing in the cluster stands in its way';
    case 'calico':
      return windowsNodes > 0
        ? 'the cluster has Windows nodes, on which Cilium does not run'
        : calicoKinds.length > 0
          ? `the cluster uses kinds of Calico (${calicoKinds.join(', ')})`
          : 'it is the first that can do all that the cluster uses';
    case 'azure':
      return 'it is the only one that can do all that the cluster uses';
    default:
      return unreachable(recommended);
  }
}

function againstOf(engine: ComparedEngine, traits: ClusterTraits): string[] {
  return [...againstNodes(engine, traits), ...againstScale(engine, traits), ...againstPolicies(engine, traits)];
}

function againstNodes(engine: ComparedEngine, { windowsNodes, hasIpv6 }: ClusterTraits): string[] {
  const { dataplanes, unsupported } = engineProfiles[engine];
  const lacksIpv6 = unsupported.some(({ feature, operatingSystem }) => feature === 'ipv6' && operatingSystem === 'any');
  return [
    ...(dataplanes.windows === undefined && windowsNodes > 0
      ? [`${engineTitles[engine]} runs on Linux only; the cluster has ${counted(windowsNodes, 'Windows node')}`]
      : []),
    ...(lacksIpv6 && hasIpv6 ? [`${engineTitles[engine]} does not support IPv6; pods of the cluster have IPv6 addresses`] : []),
  ];
}

function againstScale(engine: ComparedEngine, traits: ClusterTraits): string[] {
  const { limits } = engineProfiles[engine];
  if (limits === undefined) return [];
  return (['nodes', 'pods'] as const).flatMap((what) =>
    traits[what] > limits[what] ? [`${engineTitles[engine]} is limited to ${limits[what]} ${what}; the cluster has ${traits[what]}`] : [],
  );
}

function againstPolicies(engine: ComparedEngine, traits: ClusterTraits): string[] {
  const { policyApis } = engineProfiles[engine];
  const refused = traits.refused(engine);
  const more = refused.length - shownMax;
  const unread = [
    ...(policyApis.includes('Calico') ? [] : traits.calicoKinds),
    ...(policyApis.includes('Cilium') ? [] : traits.ciliumKinds),
  ];
  return [
    ...refused.slice(0, shownMax).map(({ policy, reason }) => `NetworkPolicy ${policy} would be refused: ${reason}`),
    ...(more > 0 ? [`${counted(more, 'more policy', 'more policies')} would be refused`] : []),
    ...(unread.length > 0 ? [`${engineTitles[engine]} does not read ${unread.join(', ')}`] : []),
  ];
}

function mindOf(engine: ComparedEngine, traits: ClusterTraits): string[] {
  const { ipBlockMatchesPods, podReachesOwnNode, nodePortBypassesIngress, establishedFlows } = engineProfiles[engine];
  const found: string[] = [];
  if (!ipBlockMatchesPods && traits.blocksOfCluster.length > 0)
    found.push(`its ipBlock never selects pods or nodes, and those of ${listed(traits.blocksOfCluster)} hold addresses of some`);
  if (podReachesOwnNode.length > 0 && traits.isolatingEgress.length > 0)
    found.push(`pods reach their own node although ${listed(traits.isolatingEgress)} isolate their egress`);
  if (nodePortBypassesIngress && traits.bypassableServices.length > 0)
    found.push(`traffic to ${listed(traits.bypassableServices)} goes past ingress policies (externalTrafficPolicy: Cluster)`);
  if (establishedFlows === 'cut') found.push('it ends connections that a policy no longer allows');
  if (engine === 'azure' && traits.windowsNodes > 0) found.push('on Windows it is a preview for Windows Server 2022');
  return found;
}

const shownMax = 5;

function listed(names: readonly string[]): string {
  const rest = names.length - shownMax;
  return names.slice(0, shownMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
