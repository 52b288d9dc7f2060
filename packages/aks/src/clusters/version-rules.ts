/** Which version of Kubernetes a cluster and its pools may go to: one minor version at a time, and never back. */
import { type ArmError, providerError } from '../arm/arm-error.ts';
import type { AgentPool } from './agent-pool.ts';
import { compareVersions, currentVersion, parseVersion, upgradesOf } from './kubernetes-versions.ts';

/** A version as it was asked for, and the full one that is run for it. */
export interface ChosenVersion {
  /** `1.34`, or `1.34.4`. */
  readonly kubernetesVersion: string;
  readonly currentKubernetesVersion: string;
}

/** A kubelet may be older than its API server by so many minor versions. */
const minorsBehindMax = 3;

/** The version of the control plane that a request asks for; throws 400 for one that is not offered, or not from here. */
export function readControlPlaneVersion(cluster: string, asked: string, current: ChosenVersion | undefined): ChosenVersion {
  if (current !== undefined && asked === current.kubernetesVersion) return current;
  const version = currentVersion(asked);
  if (version === undefined) throw notOffered(cluster, asked);
  if (current !== undefined && version !== current.currentKubernetesVersion) checkUpgrade(current.currentKubernetesVersion, version);
  return { kubernetesVersion: asked, currentKubernetesVersion: version };
}

/** The pool with the full version that it is to run: one that is offered, none beyond the control plane's, none before its own. */
export function withVersion(pool: AgentPool, controlPlane: string, current: AgentPool | undefined): AgentPool {
  if (current !== undefined && pool.orchestratorVersion === current.orchestratorVersion) {
    const lags = (parseVersion(controlPlane)?.minor ?? 0) - (parseVersion(pool.currentOrchestratorVersion)?.minor ?? 0);
    if (lags > minorsBehindMax) throw incompatible(pool, controlPlane);
    return pool;
  }
  const version = currentVersion(pool.orchestratorVersion);
  if (version === undefined || compareVersions(version, controlPlane) > 0) {
    // `1.34` of a pool is what the control plane runs as 1.34, also when there is a newer patch of it.
    const isSameMinor = parseVersion(pool.orchestratorVersion)?.patch === undefined && sameMinor(pool.orchestratorVersion, controlPlane);
    if (!isSameMinor) throw incompatible(pool, controlPlane);
    return { ...pool, currentOrchestratorVersion: controlPlane };
  }
  if (current !== undefined && compareVersions(version, current.currentOrchestratorVersion) < 0) {
    throw notAllowed(current.currentOrchestratorVersion, version);
  }
  return { ...pool, currentOrchestratorVersion: version };
}

function checkUpgrade(from: string, to: string): void {
  if (!upgradesOf(from).includes(to)) throw notAllowed(from, to);
}

function sameMinor(a: string, b: string): boolean {
  return parseVersion(a)?.minor === parseVersion(b)?.minor;
}

function notAllowed(from: string, to: string): ArmError {
  const available = upgradesOf(from).toReversed().join(' ');
  return providerError(
    400,
    'OperationNotAllowed',
    `Upgrading Kubernetes version ${from} to ${to} is not allowed. Available upgrades: [${available}]. Please see https://aka.ms/aks-supported-k8s-ver for version details.`,
  );
}

function notOffered(cluster: string, asked: string): ArmError {
  return providerError(
    400,
    'BadRequest',
    `Managed cluster ${cluster} is on version ${asked.slice(0, 20)} which is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list`,
    { subcode: 'K8sVersionNotSupported', target: 'kubernetesVersion' },
  );
}

function incompatible({ orchestratorVersion }: AgentPool, controlPlane: string): ArmError {
  return providerError(
    400,
    'NodePoolMcVersionIncompatible',
    `Node pool version ${orchestratorVersion.slice(0, 20)} and control plane version ${controlPlane} are incompatible. The node pool version cannot be newer than the control plane version or more than ${minorsBehindMax} minor versions older, and must be one that is offered.`,
    { subcode: 'AgentPoolK8sVersionNotSupported', target: 'agentPoolProfile.orchestratorVersion' },
  );
}
