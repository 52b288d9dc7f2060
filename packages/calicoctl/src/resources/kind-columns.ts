/** The columns of each kind's table, as calicoctl has them: the usual ones, those of `wide`, and those that only `custom-columns` shows. */
import { goLabelSelector, goScalar } from '../output/go-text.ts';
import {
  column,
  countColumn,
  fieldColumn,
  floatColumn,
  listColumn,
  nameColumn,
  pairsColumn,
  type Resource,
  type TableColumn,
} from './table-column.ts';

/** Columns of one kind. */
export interface KindColumns {
  readonly columns: readonly TableColumn[];
  /** Default: the usual ones. */
  readonly wideColumns?: readonly TableColumn[];
  /** What can be asked for besides. */
  readonly otherColumns?: readonly TableColumn[];
}

const listMax = 80;
const node = fieldColumn('NODE', 'node');
const order = floatColumn('ORDER', 'order');
const tier = fieldColumn('TIER', 'tier');
const cidr = fieldColumn('CIDR', 'cidr');
const poolSelector = fieldColumn('SELECTOR', 'nodeSelector');
const affinity = fieldColumn('STRICTAFFINITY', 'strictAffinity', 'false');
const blocks = fieldColumn('AUTOALLOCATEBLOCKS', 'autoAllocateBlocks', 'false');
const workload = column('WORKLOAD', ({ spec }) => goScalar(spec?.['workload'], goScalar(spec?.['pod'])));
const networks = listColumn('NETWORKS', 'ipNetworks');
const cni = fieldColumn('INTERFACE', 'interfaceName');

/** Kinds that have no more than a name in their table. */
const namedColumns: KindColumns = { columns: [nameColumn] };
/** Policies in tiers. */
const policyColumns: KindColumns = {
  columns: [nameColumn, tier],
  wideColumns: [nameColumn, tier, order, fieldColumn('SELECTOR', 'selector')],
};
/** Sets of addresses. */
const setColumns: KindColumns = { columns: [nameColumn], wideColumns: [nameColumn, listColumn('NETS', 'nets', listMax)] };

/** By kind. */
const kindColumns: Readonly<Record<string, KindColumns>> = {
  BGPConfiguration: {
    columns: [
      nameColumn,
      fieldColumn('LOGSEVERITY', 'logSeverityScreen'),
      fieldColumn('MESHENABLED', 'nodeToNodeMeshEnabled', '-'),
      fieldColumn('ASNUMBER', 'asNumber', '-'),
    ],
  },
  BGPFilter: {
    columns: [nameColumn, countColumn('NUMEXPORT', ['exportV4', 'exportV6']), countColumn('NUMIMPORT', ['importV4', 'importV6'])],
  },
  BGPPeer: {
    columns: [
      nameColumn,
      fieldColumn('PEERIP', 'peerIP'),
      column('NODE', ({ spec }) => goScalar(spec?.['node'], goScalar(spec?.['nodeSelector'], '(global)'))),
      fieldColumn('ASN', 'asNumber', '0'),
    ],
  },
  CalicoNodeStatus: { columns: [nameColumn, node], wideColumns: [nameColumn, node, listColumn('CLASSES', 'classes')] },
  ClusterInformation: {
    columns: [
      nameColumn,
      fieldColumn('CLUSTERGUID', 'clusterGUID'),
      fieldColumn('CLUSTERTYPE', 'clusterType'),
      fieldColumn('CALICOVERSION', 'calicoVersion'),
      fieldColumn('DATASTOREREADY', 'datastoreReady', '<nil>'),
    ],
  },
  GlobalNetworkPolicy: policyColumns,
  GlobalNetworkSet: setColumns,
  HostEndpoint: {
    columns: [nameColumn, node],
    wideColumns: [nameColumn, node, cni, listColumn('IPS', 'expectedIPs'), listColumn('PROFILES', 'profiles')],
  },
  IPAMConfiguration: {
    columns: [nameColumn, affinity, blocks],
    wideColumns: [nameColumn, affinity, blocks, fieldColumn('MAXBLOCKSPERHOST', 'maxBlocksPerHost', '0')],
  },
  IPPool: {
    columns: [nameColumn, cidr, poolSelector],
    wideColumns: [
      nameColumn,
      cidr,
      fieldColumn('NAT', 'natOutgoing', 'false'),
      fieldColumn('IPIPMODE', 'ipipMode', 'Never'),
      fieldColumn('VXLANMODE', 'vxlanMode', 'Never'),
      fieldColumn('DISABLED', 'disabled', 'false'),
      fieldColumn('DISABLEBGPEXPORT', 'disableBGPExport', 'false'),
      poolSelector,
    ],
  },
  IPReservation: { columns: [nameColumn], wideColumns: [nameColumn, listColumn('CIDRS', 'reservedCIDRs', listMax)] },
  NetworkPolicy: policyColumns,
  NetworkSet: setColumns,
  Node: {
    columns: [nameColumn],
    wideColumns: [
      nameColumn,
      column('ASN', (object) => bgpOf(object, 'asNumber', '(64512)')),
      column('IPV4', (object) => bgpOf(object, 'ipv4Address', '')),
      column('IPV6', (object) => bgpOf(object, 'ipv6Address', '')),
    ],
  },
  Profile: { columns: [nameColumn], wideColumns: [nameColumn, pairsColumn('LABELS', 'labelsToApply')] },
  StagedGlobalNetworkPolicy: policyColumns,
  StagedKubernetesNetworkPolicy: {
    columns: [nameColumn],
    wideColumns: [nameColumn, column('PODSELECTOR', ({ spec }) => goLabelSelector(spec?.['podSelector']))],
  },
  StagedNetworkPolicy: policyColumns,
  Tier: { columns: [nameColumn, order] },
  WorkloadEndpoint: {
    columns: [workload, node, networks, cni],
    wideColumns: [nameColumn, workload, node, networks, cni, listColumn('PROFILES', 'profiles'), column('NATS', natsOf)],
    otherColumns: [fieldColumn('ORCHESTRATOR', 'orchestrator')],
  },
};

/** Those of a kind. */
export function columnsOf(kind: string): Required<KindColumns> {
  const { columns, wideColumns = columns, otherColumns = [] } = kindColumns[kind] ?? namedColumns;
  return { columns, wideColumns, otherColumns };
}

/** A node without BGP has nothing to show; one with BGP and without a number of its own has the usual one. */
function bgpOf({ spec }: Resource, field: string, absent: string): string {
  const bgp = spec?.['bgp'] as Readonly<Record<string, unknown>> | undefined;
  return bgp === undefined ? '' : goScalar(bgp[field], absent);
}

function natsOf({ spec }: Resource): string {
  const nats = (spec?.['ipNATs'] ?? []) as readonly { readonly internalIP: string; readonly externalIP: string }[];
  return nats.map(({ internalIP, externalIP }) => `{${internalIP} ${externalIP}}`).join(',');
}
