/** Managed clusters and node pools as the SDK of api-version 2025-03-01 knows them. */
import { holds, type ResourceShape, shape } from './resource-shape.ts';

const { one, list, map } = holds;

/** The version of AKS's API that all requests name. */
export const aksVersion = '2025-03-01';

const powerState = shape('code');
const systemData = shape('createdBy createdByType createdAt lastModifiedBy lastModifiedByType lastModifiedAt');
const enabled = shape('enabled');
const reference = shape('id');
const userAssignedIdentity = shape('resourceId clientId objectId');
const sysctls = shape(
  'netCoreSomaxconn netCoreNetdevMaxBacklog netCoreRmemDefault netCoreRmemMax netCoreWmemDefault netCoreWmemMax netCoreOptmemMax netIpv4TcpMaxSynBacklog netIpv4TcpMaxTwBuckets netIpv4TcpFinTimeout netIpv4TcpKeepaliveTime netIpv4TcpKeepaliveProbes netIpv4TcpkeepaliveIntvl netIpv4TcpTwReuse netIpv4IpLocalPortRange netIpv4NeighDefaultGcThresh1 netIpv4NeighDefaultGcThresh2 netIpv4NeighDefaultGcThresh3 netNetfilterNfConntrackMax netNetfilterNfConntrackBuckets fsInotifyMaxUserWatches fsFileMax fsAioMaxNr fsNrOpen kernelThreadsMax vmMaxMapCount vmSwappiness vmVfsCachePressure',
);

const poolFields = [
  'eTag count vmSize osDiskSizeGB osDiskType kubeletDiskType workloadRuntime messageOfTheDay vnetSubnetID podSubnetID podIPAllocationMode',
  'maxPods osType osSKU maxCount minCount enableAutoScaling scaleDownMode type mode orchestratorVersion currentOrchestratorVersion',
  'nodeImageVersion upgradeSettings provisioningState powerState availabilityZones enableNodePublicIP nodePublicIPPrefixID',
  'scaleSetPriority scaleSetEvictionPolicy spotMaxPrice tags nodeLabels nodeTaints proximityPlacementGroupID kubeletConfig',
  'linuxOSConfig enableEncryptionAtHost enableUltraSSD enableFIPS gpuInstanceProfile creationData capacityReservationGroupID',
  'hostGroupID networkProfile windowsProfile securityProfile gpuProfile virtualMachinesProfile virtualMachineNodesStatus status',
].join(' ');

const poolInner = {
  upgradeSettings: one(shape('maxSurge maxUnavailable drainTimeoutInMinutes nodeSoakDurationInMinutes undrainableNodeBehavior')),
  powerState: one(powerState),
  kubeletConfig: one(
    shape(
      'cpuManagerPolicy cpuCfsQuota cpuCfsQuotaPeriod imageGcHighThreshold imageGcLowThreshold topologyManagerPolicy allowedUnsafeSysctls failSwapOn containerLogMaxSizeMB containerLogMaxFiles podMaxPids',
    ),
  ),
  linuxOSConfig: one(shape('sysctls transparentHugePageEnabled transparentHugePageDefrag swapFileSizeMB', { sysctls: one(sysctls) })),
  creationData: one(shape('sourceResourceId')),
  networkProfile: one(shape('nodePublicIPTags allowedHostPorts applicationSecurityGroups')),
  windowsProfile: one(shape('disableOutboundNat')),
  securityProfile: one(shape('enableVTPM enableSecureBoot')),
  gpuProfile: one(shape('driver')),
};

const networkProfile = shape(
  'networkPlugin networkPluginMode networkPolicy networkMode networkDataplane advancedNetworking podCidr serviceCidr dnsServiceIP outboundType loadBalancerSku loadBalancerProfile natGatewayProfile staticEgressGatewayProfile podCidrs serviceCidrs ipFamilies',
  {
    loadBalancerProfile: one(
      shape(
        'managedOutboundIPs outboundIPPrefixes outboundIPs effectiveOutboundIPs allocatedOutboundPorts idleTimeoutInMinutes enableMultipleStandardLoadBalancers backendPoolType',
        {
          managedOutboundIPs: one(shape('count countIPv6')),
          outboundIPPrefixes: one(shape('publicIPPrefixes', { publicIPPrefixes: list(reference) })),
          outboundIPs: one(shape('publicIPs', { publicIPs: list(reference) })),
          effectiveOutboundIPs: list(reference),
        },
      ),
    ),
    natGatewayProfile: one(
      shape('managedOutboundIPProfile effectiveOutboundIPs idleTimeoutInMinutes', {
        managedOutboundIPProfile: one(shape('count')),
        effectiveOutboundIPs: list(reference),
      }),
    ),
    staticEgressGatewayProfile: one(enabled),
  },
);

const storageProfile = shape('diskCSIDriver fileCSIDriver snapshotController blobCSIDriver', {
  diskCSIDriver: one(enabled),
  fileCSIDriver: one(enabled),
  snapshotController: one(enabled),
  blobCSIDriver: one(enabled),
});

const securityProfile = shape('defender azureKeyVaultKms workloadIdentity imageCleaner customCATrustCertificates', {
  defender: one(shape('logAnalyticsWorkspaceResourceId securityMonitoring', { securityMonitoring: one(enabled) })),
  azureKeyVaultKms: one(shape('enabled keyId keyVaultNetworkAccess keyVaultResourceId')),
  workloadIdentity: one(enabled),
  imageCleaner: one(shape('enabled intervalHours')),
});

/** A pool as a cluster lists it. */
const agentPoolProfileShape: ResourceShape = shape(`${poolFields} name`, poolInner);

/** A pool that was asked for by itself. */
export const agentPoolShape: ResourceShape = shape(
  `id name type ${lifted(poolFields.replace(' type ', ' type=typePropertiesType '))}`,
  poolInner,
);

/** A cluster. */
export const managedClusterShape: ResourceShape = shape(
  [
    'id name type systemData tags location eTag sku extendedLocation identity kind',
    lifted(
      [
        'provisioningState powerState maxAgentPools kubernetesVersion currentKubernetesVersion dnsPrefix fqdnSubdomain fqdn privateFQDN',
        'azurePortalFQDN agentPoolProfiles linuxProfile windowsProfile servicePrincipalProfile addonProfiles podIdentityProfile',
        'oidcIssuerProfile nodeResourceGroup nodeResourceGroupProfile enableRBAC supportPlan networkProfile aadProfile autoUpgradeProfile',
        'upgradeSettings autoScalerProfile apiServerAccessProfile diskEncryptionSetID identityProfile privateLinkResources',
        'disableLocalAccounts httpProxyConfig securityProfile storageProfile ingressProfile publicNetworkAccess',
        'workloadAutoScalerProfile azureMonitorProfile serviceMeshProfile resourceUID metricsProfile nodeProvisioningProfile bootstrapProfile',
      ].join(' '),
    ),
  ].join(' '),
  {
    systemData: one(systemData),
    sku: one(shape('name tier')),
    extendedLocation: one(shape('name type')),
    identity: one(
      shape('principalId tenantId type delegatedResources userAssignedIdentities', {
        userAssignedIdentities: map(shape('principalId clientId')),
      }),
    ),
    powerState: one(powerState),
    agentPoolProfiles: list(agentPoolProfileShape),
    linuxProfile: one(shape('adminUsername ssh', { ssh: one(shape('publicKeys', { publicKeys: list(shape('keyData')) })) })),
    windowsProfile: one(
      shape('adminUsername adminPassword licenseType enableCSIProxy gmsaProfile', {
        gmsaProfile: one(shape('enabled dnsServer rootDomainName')),
      }),
    ),
    servicePrincipalProfile: one(shape('clientId secret')),
    addonProfiles: map(shape('enabled config identity', { identity: one(userAssignedIdentity) })),
    oidcIssuerProfile: one(shape('issuerURL enabled')),
    nodeResourceGroupProfile: one(shape('restrictionLevel')),
    networkProfile: one(networkProfile),
    autoUpgradeProfile: one(shape('upgradeChannel nodeOSUpgradeChannel')),
    apiServerAccessProfile: one(
      shape('authorizedIPRanges enablePrivateCluster privateDNSZone enablePrivateClusterPublicFQDN disableRunCommand'),
    ),
    identityProfile: map(userAssignedIdentity),
    securityProfile: one(securityProfile),
    storageProfile: one(storageProfile),
    workloadAutoScalerProfile: one(shape('keda verticalPodAutoscaler', { keda: one(enabled), verticalPodAutoscaler: one(enabled) })),
    metricsProfile: one(shape('costAnalysis', { costAnalysis: one(enabled) })),
    bootstrapProfile: one(shape('artifactSource containerRegistryId')),
    nodeProvisioningProfile: one(shape('mode defaultNodePools')),
  },
);

const upgrade = shape('kubernetesVersion isPreview');
const poolUpgrades = shape('kubernetesVersion name osType upgrades', { upgrades: list(upgrade) });

/** What a cluster may go to. */
export const clusterUpgradesShape: ResourceShape = shape('id name type ~controlPlaneProfile ~agentPoolProfiles', {
  controlPlaneProfile: one(poolUpgrades),
  agentPoolProfiles: list(poolUpgrades),
});

/** What a pool may go to. */
export const poolUpgradesShape: ResourceShape = shape('id name type ~kubernetesVersion ~osType ~upgrades ~latestNodeImageVersion', {
  upgrades: list(upgrade),
});

/** What a command in a cluster came to. */
export const commandResultShape: ResourceShape = shape('id ~provisioningState ~exitCode ~startedAt ~finishedAt ~logs ~reason');

function lifted(fields: string): string {
  return fields
    .split(' ')
    .map((field) => `~${field}`)
    .join(' ');
}
