/** The engine of a cluster: what it may be, and which clusters an engine cannot serve. */
import {
  chooseDataplane,
  type DataplaneName,
  type EngineName,
  enforcementTarget,
  engineProfiles,
  type OperatingSystem,
  unsupportedOn,
} from '@weir/model';

/** The policy engine of a cluster: which one Weir's agents behave like, or none at all. */
export type ClusterEngine = EngineName | 'none';

/** A data plane of Linux nodes. */
export type LinuxDataplane = Exclude<DataplaneName, 'hns'>;

/** What of a cluster an engine may not be able to serve. */
export interface EngineWish {
  readonly engine: ClusterEngine;
  /** What enforces the policies of Linux nodes; absent: what the engine has. */
  readonly dataplane?: LinuxDataplane | undefined;
  readonly windowsNodes?: number | undefined;
  readonly windowsExpandUnsupported?: boolean | undefined;
  readonly established?: 'keep' | 'cut' | undefined;
  readonly dualStack: boolean;
}

/** Why the engine cannot serve such a cluster, and what to do; undefined when it can. */
export function engineProblem(wish: EngineWish): string | undefined {
  const { engine, dataplane, windowsNodes = 0, dualStack } = wish;
  const problem = windowsProblem(wish);
  if (problem !== undefined) return problem;
  if (engine === 'none')
    return dataplane === undefined ? undefined : 'a cluster without an engine has no data plane: leave out --dataplane';
  const systems: readonly OperatingSystem[] = windowsNodes > 0 ? ['linux', 'windows'] : ['linux'];
  for (const system of systems) {
    const choice = chooseDataplane({ engine, system, dataplane: system === 'linux' ? dataplane : undefined });
    if ('problem' in choice) return `${choice.problem}: leave out --windows-nodes, or choose another --engine`;
    const gap = dualStack ? unsupportedOn(enforcementTarget(engine, system)).find(({ feature }) => feature === 'ipv6') : undefined;
    if (gap !== undefined) return `${gap.message}: leave out --dual-stack, or choose another --engine`;
  }
  return undefined;
}

/** What is asked of Windows nodes that are not there, or of those that cannot. */
function windowsProblem({ windowsNodes = 0, windowsExpandUnsupported, established }: EngineWish): string | undefined {
  if (windowsNodes === 0 && windowsExpandUnsupported === true)
    return 'there is no Windows node that could expand anything: add --windows-nodes, or leave out --windows-expand-unsupported';
  if (windowsNodes > 0 && established === 'cut') return 'HNS cannot end connections: leave out --established cut, or --windows-nodes';
  return undefined;
}

/** The engine of one node: the cluster's, unless the cluster is on its way to another one. */
export function engineOf(
  cluster: { readonly engine: ClusterEngine },
  node: { readonly engine?: ClusterEngine | undefined },
): ClusterEngine {
  return node.engine ?? cluster.engine;
}

/** Whether rules of the engine stand behind the chains of kube-proxy, so that it matters what those accept. */
export function standsBehindKubeProxy({ engine, dataplane }: Pick<EngineWish, 'engine' | 'dataplane'>): boolean {
  if (engine === 'none' || !engineProfiles[engine].nodePortBypassesIngress) return false;
  return (dataplane ?? engineProfiles[engine].dataplanes.linux) === 'iptables';
}
