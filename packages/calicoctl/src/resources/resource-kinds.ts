/** The kinds that calicoctl manages: how they are called on its command line, and the columns of their tables. */
import type { KubeObject } from '@weir/kube';
import { goFloat, joined } from '../output/go-text.ts';

/** An object of any of the kinds. */
export type Resource = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

/** One column of a table. */
export interface TableColumn {
  readonly heading: string;
  readonly value: (object: Resource) => string;
}

/** One kind. */
export interface ResourceKind {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Other names on the command line, beside kind and plural. */
  readonly aliases: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly wideColumns: readonly TableColumn[];
  /** Made of objects of Kubernetes: it can be read and nothing else. */
  readonly isReadOnly?: boolean;
}

const netsMax = 80;
const column = (heading: string, value: TableColumn['value']): TableColumn => ({ heading, value });
const text = (field: string): TableColumn['value'] => {
  return ({ spec }) => {
    const value = spec?.[field];
    return typeof value === 'string' ? value : '';
  };
};
const list = (field: string, max?: number): TableColumn['value'] => {
  return ({ spec }) => {
    const value = spec?.[field];
    return joined(Array.isArray(value) ? value : [], ',', max);
  };
};
const name = column('NAME', ({ metadata }) => metadata.name ?? '');
const order = column('ORDER', ({ spec }) => goFloat(spec?.['order']));
const tier = column('TIER', text('tier'));
const labels = column('LABELS', ({ spec }) =>
  joined(
    Object.entries(spec?.['labelsToApply'] ?? {})
      .map(([key, value]) => `${key}=${String(value)}`)
      .toSorted(),
    ',',
  ),
);

interface KindOptions {
  readonly aliases?: readonly string[];
  readonly namespaced?: boolean;
  readonly columns?: readonly TableColumn[];
  readonly wideColumns?: readonly TableColumn[];
  readonly isReadOnly?: boolean;
}

function define(kind: string, plural: string, options: KindOptions = {}): ResourceKind {
  const { aliases = [], namespaced = false, columns = [name], wideColumns = columns, isReadOnly = false } = options;
  return { kind, plural, namespaced, aliases, columns, wideColumns, isReadOnly };
}

const policyColumns = { columns: [name, tier], wideColumns: [name, tier, order, column('SELECTOR', text('selector'))] };
const setColumns = { wideColumns: [name, column('NETS', list('nets', netsMax))] };

/** All of them. */
export const resourceKinds: readonly ResourceKind[] = [
  define('BGPConfiguration', 'bgpconfigurations', { aliases: ['bgpconfig', 'bgpconfigs'] }),
  define('BGPFilter', 'bgpfilters'),
  define('BGPPeer', 'bgppeers', { aliases: ['bgpp', 'bgpps'] }),
  define('ClusterInformation', 'clusterinformations', { aliases: ['clusterinfo', 'clusterinfos'] }),
  define('FelixConfiguration', 'felixconfigurations', { aliases: ['felixconfig', 'felixconfigs'] }),
  define('GlobalNetworkPolicy', 'globalnetworkpolicies', { aliases: ['gnp', 'gnps'], ...policyColumns }),
  define('GlobalNetworkSet', 'globalnetworksets', { aliases: ['gnetset', 'gnetsets'], ...setColumns }),
  define('HostEndpoint', 'hostendpoints', {
    aliases: ['hep', 'heps'],
    columns: [name, column('NODE', text('node'))],
    wideColumns: [
      name,
      column('NODE', text('node')),
      column('INTERFACE', text('interfaceName')),
      column('IPS', list('expectedIPs')),
      column('PROFILES', list('profiles')),
    ],
  }),
  define('IPPool', 'ippools', { aliases: ['ipp', 'ipps', 'pool', 'pools'] }),
  define('IPReservation', 'ipreservations', { aliases: ['reservation', 'reservations'] }),
  define('KubeControllersConfiguration', 'kubecontrollersconfigurations', { aliases: ['kcconfig', 'kcconfigs'] }),
  define('NetworkPolicy', 'networkpolicies', { aliases: ['policy', 'np', 'policies', 'pol', 'pols'], namespaced: true, ...policyColumns }),
  define('NetworkSet', 'networksets', { aliases: ['netset', 'netsets'], namespaced: true, ...setColumns }),
  define('Node', 'nodes', { aliases: ['no'], isReadOnly: true }),
  define('Profile', 'profiles', { aliases: ['pro', 'pros'], wideColumns: [name, labels], isReadOnly: true }),
  define('StagedGlobalNetworkPolicy', 'stagedglobalnetworkpolicies', { aliases: ['sgnp', 'sgnps'], ...policyColumns }),
  define('StagedKubernetesNetworkPolicy', 'stagedkubernetesnetworkpolicies', { aliases: ['sknp', 'sknps'], namespaced: true }),
  define('StagedNetworkPolicy', 'stagednetworkpolicies', { aliases: ['snp', 'snps', 'spol', 'spols'], namespaced: true, ...policyColumns }),
  define('Tier', 'tiers', { columns: [name, order] }),
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
