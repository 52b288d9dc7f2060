/** Schemas of what configures Calico and of what it keeps: fields that decide something are described, others are kept as they are. */
import { schemaWords } from '@weir/kube';

const { anything, between, fields, flag, integer, listOf, mapOf, oneOf, open, text, withDefault } = schemaWords;
type Schema = schemaWords.Schema;

const protoPort = fields({ protocol: text, port: integer, net: text }, 'port');
const community = fields({ name: text, value: text });
const nodeStatus = anything;

/** What `spec` is of each kind. */
export const configurationSpecs: Readonly<
  Record<
    | 'clusterInformation'
    | 'felixConfiguration'
    | 'kubeControllersConfiguration'
    | 'ipPool'
    | 'ipReservation'
    | 'ipamBlock'
    | 'ipamHandle'
    | 'ipamConfig'
    | 'blockAffinity'
    | 'bgpPeer'
    | 'bgpConfiguration'
    | 'bgpFilter'
    | 'calicoNodeStatus',
    Schema
  >
> = {
  clusterInformation: fields({ clusterGUID: text, clusterType: text, calicoVersion: text, datastoreReady: flag, variant: text }),
  felixConfiguration: open({
    bpfEnabled: flag,
    nftablesMode: oneOf('Disabled', 'Enabled', 'Auto'),
    chainInsertMode: oneOf('Insert', 'Append', 'insert', 'append'),
    defaultEndpointToHostAction: oneOf('Drop', 'Accept', 'Return', 'DROP', 'ACCEPT', 'RETURN', 'drop', 'accept', 'return'),
    disableConntrackInvalidCheck: flag,
    allowVXLANPacketsFromWorkloads: flag,
    allowIPIPPacketsFromWorkloads: flag,
    failsafeInboundHostPorts: listOf(protoPort),
    failsafeOutboundHostPorts: listOf(protoPort),
    floatingIPs: oneOf('Enabled', 'Disabled'),
    healthPort: integer,
    interfaceExclude: text,
    interfacePrefix: text,
    iptablesFilterDenyAction: oneOf('Drop', 'Reject'),
    logPrefix: text,
    logSeverityScreen: text,
    prometheusMetricsEnabled: flag,
    reportingInterval: text,
    vxlanVNI: integer,
    workloadSourceSpoofing: oneOf('Disabled', 'Any'),
  }),
  kubeControllersConfiguration: open({
    etcdV3CompactionPeriod: text,
    healthChecks: oneOf('Enabled', 'Disabled'),
    logSeverityScreen: text,
    prometheusMetricsPort: integer,
    controllers: anything,
  }),
  ipPool: fields(
    {
      cidr: text,
      allowedUses: listOf(oneOf('Workload', 'Tunnel', 'LoadBalancer')),
      assignmentMode: oneOf('Automatic', 'Manual'),
      blockSize: between(20, 128),
      disableBGPExport: flag,
      disabled: flag,
      ipipMode: oneOf('Always', 'CrossSubnet', 'Never'),
      natOutgoing: flag,
      nodeSelector: withDefault(text, 'all()'),
      namespaceSelector: text,
      vxlanMode: oneOf('Always', 'CrossSubnet', 'Never'),
    },
    'cidr',
  ),
  ipReservation: fields({ reservedCIDRs: listOf(text) }),
  ipamBlock: open({
    cidr: text,
    affinity: text,
    allocations: listOf({ ...integer, nullable: true }),
    unallocated: listOf(integer),
    deleted: flag,
  }),
  ipamHandle: fields({ handleID: text, block: mapOf(integer), deleted: flag }, 'handleID', 'block'),
  ipamConfig: fields({ strictAffinity: flag, autoAllocateBlocks: flag, maxBlocksPerHost: between(0, 2_147_483_647) }),
  blockAffinity: open({ cidr: text, node: text, state: text, deleted: text, type: text }),
  bgpPeer: open({
    node: text,
    nodeSelector: text,
    peerIP: text,
    peerSelector: text,
    asNumber: integer,
    keepOriginalNextHop: flag,
    filters: listOf(text),
  }),
  bgpConfiguration: open({
    asNumber: integer,
    bindMode: oneOf('None', 'NodeIP'),
    communities: listOf(community),
    listenPort: between(1, 65_535),
    logSeverityScreen: text,
    nodeToNodeMeshEnabled: flag,
    serviceClusterIPs: listOf(fields({ cidr: text })),
    serviceExternalIPs: listOf(fields({ cidr: text })),
    serviceLoadBalancerIPs: listOf(fields({ cidr: text })),
  }),
  bgpFilter: fields({ exportV4: listOf(anything), exportV6: listOf(anything), importV4: listOf(anything), importV6: listOf(anything) }),
  calicoNodeStatus: fields({ node: text, classes: listOf(oneOf('Agent', 'BGP', 'Routes')), updatePeriodSeconds: integer }),
};

/** What `status` is of the kinds that have one. */
export const configurationStatuses: Readonly<Record<'conditions' | 'kubeControllersConfiguration' | 'calicoNodeStatus', Schema>> = {
  conditions: fields({ conditions: listOf(anything) }),
  kubeControllersConfiguration: open({ environmentVars: mapOf(text), runningConfig: anything }),
  calicoNodeStatus: open({ agent: nodeStatus, bgp: nodeStatus, routes: nodeStatus, lastUpdated: text }),
};

const toleration = fields({ key: text, operator: oneOf('Exists', 'Equal'), value: text, effect: text, tolerationSeconds: integer });
const autodetection = fields({
  canReach: text,
  interface: text,
  firstFound: flag,
  kubernetes: text,
  skipInterface: text,
  cidrs: listOf(text),
});

/** `spec` of the kinds of the operator (`operator.tigera.io/v1`). */
export const operatorSpecs: Readonly<Record<'installation' | 'apiServer' | 'imageSet' | 'tigeraStatus' | 'other', Schema>> = {
  installation: open({
    variant: oneOf('Calico', 'TigeraSecureEnterprise'),
    kubernetesProvider: oneOf('', 'EKS', 'GKE', 'AKS', 'OpenShift', 'DockerEnterprise', 'RKE2', 'TKG'),
    registry: text,
    imagePath: text,
    imagePrefix: text,
    imagePullSecrets: listOf(fields({ name: text })),
    flexVolumePath: text,
    cni: open({
      type: oneOf('Calico', 'GKE', 'AmazonVPC', 'AzureVNET'),
      ipam: fields({ type: oneOf('Calico', 'HostLocal', 'AmazonVPC', 'AzureVNET') }),
    }),
    calicoNetwork: open({
      bgp: oneOf('Enabled', 'Disabled'),
      linuxDataplane: oneOf('Iptables', 'BPF', 'VPP', 'Nftables'),
      windowsDataplane: oneOf('HNS', 'Disabled'),
      hostPorts: oneOf('Enabled', 'Disabled'),
      ipPools: listOf(
        open({ cidr: text, encapsulation: text, natOutgoing: oneOf('Enabled', 'Disabled'), nodeSelector: text, blockSize: integer }),
      ),
      mtu: integer,
      nodeAddressAutodetectionV4: autodetection,
      nodeAddressAutodetectionV6: autodetection,
    }),
    controlPlaneTolerations: listOf(toleration),
    controlPlaneNodeSelector: mapOf(text),
    controlPlaneReplicas: integer,
    nodeUpdateStrategy: anything,
    typhaAffinity: anything,
  }),
  apiServer: open({ logging: anything, apiServerDeployment: anything }),
  imageSet: fields({ images: listOf(fields({ image: text, digest: text }, 'image', 'digest')) }),
  tigeraStatus: anything,
  other: anything,
};

const condition = fields(
  {
    type: text,
    status: text,
    reason: text,
    message: text,
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: integer,
  },
  'type',
  'status',
);

/** `status` of the kinds of the operator. */
export const operatorStatuses: Readonly<Record<'installation' | 'tigeraStatus' | 'other', Schema>> = {
  installation: open({
    variant: text,
    mtu: integer,
    imageSet: text,
    calicoVersion: text,
    computed: anything,
    conditions: listOf(condition),
  }),
  tigeraStatus: fields({ conditions: listOf(condition) }, 'conditions'),
  other: open({ state: text, conditions: listOf(condition) }),
};
