/** What az itself refuses before it asks the server, in az's words. */
import { refused } from '../az-error.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { nodeLabelsOf } from './node-labels.ts';

/** The name of a new cluster. */
export function checkClusterName(name: string): void {
  if (/^[a-zA-Z0-9]$|^[a-zA-Z0-9][-_a-zA-Z0-9]{0,61}[a-zA-Z0-9]$/.test(name)) return;
  throw refused('--name cannot exceed 63 characters and can only contain letters, numbers, underscores (_) or dashes (-).');
}

/** The name of a pool. */
export function checkPoolName(name: string): void {
  if (name.length > 12) throw refused('--nodepool-name can contain at most 12 characters');
  if (!/^[\p{L}\p{N}]*$/u.test(name)) throw refused('--nodepool-name should contain only alphanumeric characters');
}

/** A version as the server takes it: `v1.34` is `1.34`. */
export function kubernetesVersion(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const version = /^[|vV]?(\d+\.\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (version !== undefined) return version;
  throw refused('--kubernetes-version should be the full version number or major.minor version number, such as "1.7.12" or "1.7"');
}

/** The engine of a new cluster: any word, in lowercase; the server judges it. */
export function checkNetworkPolicy(policy: string | undefined): void {
  if (policy !== undefined && (policy !== policy.toLowerCase() || !/\p{L}/u.test(policy))) {
    throw refused('--network-policy should be provided in lowercase');
  }
}

/** What only goes with a plugin that was named, and the range of pods. */
export function checkNetworkPlugin(given: GivenArguments): void {
  const plugin = given.text('networkPlugin');
  const needsPlugin = ['podCidr', 'serviceCidr', 'dnsServiceIp', 'networkPolicy'].some((name) => (given.text(name) ?? '') !== '');
  if (plugin === undefined && needsPlugin) throw refused('Please explicitly specify the network plugin type');
  if (plugin === 'azure' && given.has('podCidr') && given.text('networkPluginMode') !== 'overlay') {
    throw refused(
      'Please specify network plugin mode `overlay` when using --pod-cidr or use network plugin `kubenet`. For more information about Azure CNI Overlay please see https://aka.ms/aks/azure-cni-overlay',
    );
  }
}

/** Taints with commas between. */
export function taintsOf(text: string): readonly string[] {
  const taints = text
    .split(',')
    .map((taint) => taint.trim())
    .filter((taint) => taint !== '');
  for (const taint of taints) {
    if (/^[a-zA-Z\d][\w\-./]{0,252}=[a-zA-Z\d][\w\-.]{0,62}:(NoSchedule|PreferNoSchedule|NoExecute)$/.test(taint)) continue;
    throw refused(`Invalid node taint: ${taint}`);
  }
  return taints;
}

/** How many nodes more there may be during an upgrade: the server judges how large a share may be. */
function checkMaxSurge(text: string | undefined): void {
  if (text === undefined) return;
  const number = text.replace(/%$/, '').trim();
  if (!/^[+-]?\d+$/.test(number)) throw refused('--max-surge should be an int or percentage');
  if (Number(number) < 0) throw refused('--max-surge must be positive');
}

/** Labels and taints, before anything is sent. */
export function checkPoolShape(given: GivenArguments): void {
  nodeLabelsOf(given.texts('nodepoolLabels') ?? given.texts('labels') ?? []);
  taintsOf(given.text('nodepoolTaints') ?? given.text('nodeTaints') ?? '');
  checkMaxSurge(given.text('maxSurge'));
}

/** The form of the autoscaler's bounds. */
export function checkNodeBounds(given: GivenArguments): void {
  for (const [name, option] of [
    ['minCount', '--min-count'],
    ['maxCount', '--max-count'],
  ] as const) {
    const value = given.number(name);
    if (value !== undefined && (value < 0 || value > 1_000)) throw refused(`${option} must be in the range [0,1000]`);
  }
}

const idOptions = [
  ['vnetSubnetId', '--vnet-subnet-id'],
  ['podSubnetId', '--pod-subnet-id'],
  ['ppg', '--ppg'],
  ['hostGroupId', '--host-group-id'],
  ['assignIdentity', '--assign-identity'],
  ['assignKubeletIdentity', '--assign-kubelet-identity'],
] as const;

/** Ids of subnets, identities and what else there may be in Azure. */
export function checkResourceIds(given: GivenArguments): void {
  for (const [name, option] of idOptions) {
    const id = given.text(name) ?? '';
    if (id !== '' && !/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+/i.test(id)) {
      throw refused(`${option} is not a valid Azure resource ID.`);
    }
  }
}

/** There is no registry on this machine that a role could be given on. */
export function checkRegistries(given: GivenArguments): void {
  if (given.has('attachAcr') && given.has('detachAcr')) {
    throw refused('Cannot specify "--attach-acr" and "--detach-acr" at the same time.');
  }
  if (given.has('attachAcr') && given.flag('noWait')) {
    throw refused(
      'When --attach-acr and --enable-managed-identity are both specified, --no-wait is not allowed, please wait until the whole operation succeeds.',
    );
  }
  if (given.has('attachAcr') || given.has('detachAcr')) {
    throw refused(
      'There is no container registry on this machine that nodes could be given rights on: leave --attach-acr and --detach-acr out.',
    );
  }
}
