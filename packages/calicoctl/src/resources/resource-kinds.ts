/** The kinds that calicoctl manages: how they are called on its command line, and what can be done with them. */
import { columnsOf, type KindColumns } from './kind-columns.ts';

export type { Resource, TableColumn } from './table-column.ts';

/** What is done with an object. */
export type WriteOperation = 'create' | 'update' | 'apply' | 'delete';

/** One kind. */
export interface ResourceKind extends Required<KindColumns> {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Other names on the command line, beside kind and plural. */
  readonly aliases: readonly string[];
  /** Made of objects of Kubernetes, not stored by Calico. */
  readonly isOfKubernetes: boolean;
  /** What cannot be done with it; `all` when it can only be read. */
  readonly refused: 'all' | readonly WriteOperation[];
  /** How `crd.projectcalico.org/v1` calls it, where that is another name. */
  readonly stored: { readonly kind: string; readonly plural: string };
}

interface KindOptions {
  readonly aliases?: readonly string[];
  readonly namespaced?: boolean;
  readonly isOfKubernetes?: boolean;
  readonly refused?: ResourceKind['refused'];
  readonly stored?: ResourceKind['stored'];
}

function define(kind: string, plural: string, options: KindOptions = {}): ResourceKind {
  const defaults = { aliases: [], namespaced: false, isOfKubernetes: false, refused: [], stored: { kind, plural } };
  return { kind, plural, ...columnsOf(kind), ...defaults, ...options };
}

const namespaced = true;
const isOfKubernetes = true;

/** All of them. */
export const resourceKinds: readonly ResourceKind[] = [
  define('BGPConfiguration', 'bgpconfigurations', { aliases: ['bgpconfig', 'bgpconfigs'] }),
  define('BGPFilter', 'bgpfilters', { aliases: ['bgpf', 'bgpfs', 'bf', 'bfs'] }),
  define('BGPPeer', 'bgppeers', { aliases: ['bgpp', 'bgpps', 'bp', 'bps'] }),
  define('CalicoNodeStatus', 'caliconodestatuses', { aliases: ['nodestatus', 'nodestatuses'] }),
  define('ClusterInformation', 'clusterinformations', {
    aliases: ['clusterinfo', 'clusterinfos'],
    refused: 'all',
  }),
  define('FelixConfiguration', 'felixconfigurations', { aliases: ['felixconfig', 'felixconfigs'] }),
  define('GlobalNetworkPolicy', 'globalnetworkpolicies', { aliases: ['gnp', 'gnps'] }),
  define('GlobalNetworkSet', 'globalnetworksets', { aliases: ['gnetset', 'gnetsets'] }),
  define('HostEndpoint', 'hostendpoints', { aliases: ['hep', 'heps'] }),
  define('IPAMConfiguration', 'ipamconfigurations', {
    aliases: ['ipamconfig', 'ipamconfigs'],
    stored: { kind: 'IPAMConfig', plural: 'ipamconfigs' },
  }),
  define('IPPool', 'ippools', { aliases: ['ipp', 'ipps', 'pool', 'pools'] }),
  define('IPReservation', 'ipreservations', { aliases: ['reservation', 'reservations'] }),
  define('KubeControllersConfiguration', 'kubecontrollersconfigurations', {
    aliases: ['kubecontrollersconfig', 'kubecontrollersconfigs', 'kcconfig', 'kcconfigs'],
  }),
  define('NetworkPolicy', 'networkpolicies', { aliases: ['policy', 'np', 'policies', 'pol', 'pols'], namespaced }),
  define('NetworkSet', 'networksets', { aliases: ['netset', 'netsets'], namespaced }),
  define('Node', 'nodes', { aliases: ['no', 'nos'], isOfKubernetes, refused: ['create', 'delete'] }),
  define('Profile', 'profiles', { aliases: ['pro', 'pros'], isOfKubernetes, refused: 'all' }),
  define('StagedGlobalNetworkPolicy', 'stagedglobalnetworkpolicies', {
    aliases: ['stagedglobalpolicy', 'stagedglobalpolicies', 'sgnp', 'sgnps'],
  }),
  define('StagedKubernetesNetworkPolicy', 'stagedkubernetesnetworkpolicies', {
    aliases: ['stagedkubernetespolicy', 'stagedkubernetespolicies', 'skpol', 'skpols', 'sknp', 'sknps'],
    namespaced,
  }),
  define('StagedNetworkPolicy', 'stagednetworkpolicies', {
    aliases: ['stagedpolicy', 'stagedpolicies', 'snp', 'snps', 'spol', 'spols'],
    namespaced,
  }),
  define('Tier', 'tiers'),
  define('WorkloadEndpoint', 'workloadendpoints', {
    aliases: ['wep', 'weps'],
    namespaced,
    isOfKubernetes,
    refused: 'all',
  }),
];

/** The kind that a word of the command line names, in any case of letters. */
export function kindNamed(word: string): ResourceKind | undefined {
  const wanted = word.toLowerCase();
  return resourceKinds.find(({ kind, plural, aliases }) => kind.toLowerCase() === wanted || plural === wanted || aliases.includes(wanted));
}

/** The kind of objects. */
export function kindOf(kind: string): ResourceKind | undefined {
  return resourceKinds.find((each) => each.kind === kind);
}
