/**
 * What may become of a cluster's network once it is there (reference §2.4): which engine may follow which, what needs
 * the nodes re-imaged, and what never changes.
 */
import { type FirstVersions, isSince } from '../arm/api-version.ts';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import { parseVersion } from './kubernetes-versions.ts';
import { type NetworkProfile, noneSince } from './network-profile.ts';

/** From what to what, and for whom. */
export interface NetworkChange {
  readonly from: NetworkProfile;
  readonly to: NetworkProfile;
  readonly apiVersion: string;
  readonly kubernetesVersion: string;
  readonly hasWindowsPools: boolean;
  /** What the cluster says of operations that re-image nodes, before the change: `Block` forbids them. */
  readonly nodeDisruptionPolicy?: string | undefined;
}

/** Whether a change is let through, and what it costs. */
export type Transition =
  | { readonly kind: 'nothing' }
  /** All node pools are re-imaged at the same time. */
  | { readonly kind: 'reimage' }
  | { readonly kind: 'refused'; readonly error: ArmError };

type EngineStep = 'nothing' | 'reimage' | 'via none' | 'never';

/** Engine now → engine wished. */
const engineSteps: Readonly<Record<string, Readonly<Record<string, EngineStep>>>> = {
  none: { none: 'nothing', azure: 'reimage', calico: 'reimage', cilium: 'reimage' },
  azure: { none: 'reimage', azure: 'nothing', calico: 'via none', cilium: 'reimage' },
  calico: { none: 'reimage', azure: 'via none', calico: 'nothing', cilium: 'reimage' },
  cilium: { none: 'never', azure: 'never', calico: 'never', cilium: 'nothing' },
};

/** The api-versions in which a running cluster gets the data plane cilium: those of the first az that asks for it. Inferred. */
const dataplaneSince: FirstVersions = { preview: '2023-06-02', stable: '2023-07-01' };
/** The first Kubernetes version in which engines are installed and taken away in a running cluster. */
const changesFromMinor = 30;
const overlayFromMinor = 27;
const target = 'networkProfile.networkPolicy';

/** Judges a change of a cluster's network. */
export function networkTransition(change: NetworkChange): Transition {
  const error = immutableProblem(change) ?? planeProblem(change) ?? overlayProblem(change) ?? engineProblem(change);
  if (error !== undefined) return { kind: 'refused', error };
  const { from, to } = change;
  const isSame = from.networkPolicy === to.networkPolicy && from.networkDataplane === to.networkDataplane && !entersOverlay(change);
  if (isSame) return { kind: 'nothing' };
  return change.nodeDisruptionPolicy === 'Block' ? { kind: 'refused', error: disruptionBlocked() } : { kind: 'reimage' };
}

function disruptionBlocked(): ArmError {
  return own(
    'NodeDisruptionPolicyBlocked',
    'The operation re-images the nodes of all agent pools, which the node disruption policy Block of the cluster does not allow. Please change the policy to Allow first.',
    'nodeDisruptionProfile.nodeDisruptionPolicy',
  );
}

/** What is decided when the cluster is made. */
/** Lists of those; the blocks of pods change with the plugin's mode. */
const immutableLists = ['serviceCidrs', 'ipFamilies'] as const;
const immutable = ['networkPlugin', 'serviceCidr', 'dnsServiceIP', 'loadBalancerSku', 'outboundType'] as const;

function immutableProblem(change: NetworkChange): ArmError | undefined {
  const { from, to } = change;
  const isMigration = from.networkPlugin === 'kubenet' && to.networkPlugin === 'azure' && to.networkPluginMode === 'overlay';
  const changed = immutable.find((field) => from[field] !== to[field] && !(field === 'networkPlugin' && isMigration));
  if (changed !== undefined) return changeNotAllowed(`networkProfile.${changed}`);
  const list = immutableLists.find((field) => from[field].join() !== to[field].join());
  if (list !== undefined) return changeNotAllowed(`networkProfile.${list}`);
  const leavesOverlay = from.networkPluginMode === 'overlay' && to.networkPluginMode !== 'overlay';
  if (leavesOverlay) return changeNotAllowed('networkProfile.networkPluginMode');
  return from.podCidr !== to.podCidr && !entersOverlay(change) ? changeNotAllowed('networkProfile.podCidr') : undefined;
}

/** The addresses and the data plane do not change in one request, and a data plane does not go back. */
function planeProblem(change: NetworkChange): ArmError | undefined {
  const { from, to, hasWindowsPools } = change;
  if (from.networkDataplane === to.networkDataplane) return undefined;
  if (from.networkDataplane === 'cilium') return changeNotAllowed('networkProfile.networkDataplane');
  if (entersOverlay(change)) {
    return own(
      'IPAMAndDataplaneChangeNotAllowed',
      'Changing the network plugin mode and the network dataplane in one request is not allowed.',
      'networkProfile',
    );
  }
  if (hasWindowsPools) {
    return own(
      'NetworkPolicyNotSupported',
      'NetworkDataplane cilium is not supported for clusters with Windows agent pools',
      'networkProfile.networkDataplane',
    );
  }
  return undefined;
}

function overlayProblem(change: NetworkChange): ArmError | undefined {
  if (!entersOverlay(change)) return undefined;
  if (change.from.networkPolicy !== 'none') {
    return providerError(
      400,
      'ValidationError',
      'Cannot update cluster to Azure CNI Overlay while using network policies with Azure CNI v1.',
    );
  }
  return minorOf(change) < overlayFromMinor
    ? own(
        'K8sVersionNotSupported',
        `Azure CNI Overlay requires Kubernetes 1.${overlayFromMinor} or later; the cluster runs ${change.kubernetesVersion}`,
        'kubernetesVersion',
      )
    : undefined;
}

function engineProblem(change: NetworkChange): ArmError | undefined {
  const { from, to, apiVersion, kubernetesVersion } = change;
  const step = engineSteps[from.networkPolicy]?.[to.networkPolicy] ?? 'never';
  if (step === 'nothing') return undefined;
  if (step === 'never') {
    return own(
      'NetworkPolicyChangeNotAllowed',
      `Changing network policy from ${from.networkPolicy} to ${to.networkPolicy} is not allowed.`,
      target,
    );
  }
  if (step === 'via none') {
    return own(
      'NetworkPolicyChangeNotAllowed',
      `Changing network policy from ${from.networkPolicy} to ${to.networkPolicy} is not allowed. Please change it to none first, then to ${to.networkPolicy}.`,
      target,
    );
  }
  if (!isSince(apiVersion, to.networkPolicy === 'cilium' ? dataplaneSince : noneSince)) return changeNotAllowed(target);
  if (to.networkPolicy !== 'cilium' && minorOf(change) < changesFromMinor) {
    return own(
      'K8sVersionNotSupported',
      `Installing or uninstalling a network policy engine requires Kubernetes 1.${changesFromMinor} or later; the cluster runs ${kubernetesVersion}. Please upgrade the cluster first.`,
      target,
    );
  }
  return undefined;
}

function entersOverlay({ from, to }: NetworkChange): boolean {
  return to.networkPluginMode === 'overlay' && from.networkPluginMode !== 'overlay';
}

function minorOf({ kubernetesVersion }: NetworkChange): number {
  return parseVersion(kubernetesVersion)?.minor ?? 0;
}

function changeNotAllowed(property: string): ArmError {
  return providerError(400, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`, { target: property });
}

/** Weir's own text: Azure's is not published. */
function own(code: string, message: string, at: string): ArmError {
  return providerError(400, code, message, { target: at });
}
