/** The document that `az aks create` asks for. */
import type { JsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import { pairsOf } from '../command-line/tag-values.ts';
import { addonProfilesOf } from './addons.ts';
import { authorizedRangesOf } from './authorized-ranges.ts';
import { newAutoscaler } from './autoscaler.ts';
import { kubernetesVersion, taintsOf } from './client-checks.ts';
import { nodeLabelsOf } from './node-labels.ts';

/** What is known beside the arguments. */
export interface CreateFacts {
  readonly subscription: string;
  readonly location: string;
  readonly sshKey: string | undefined;
  readonly windows: JsonObject | undefined;
}

/** The document. Throws az's texts for arguments that do not go together. */
export function createBody(given: GivenArguments, facts: CreateFacts): JsonObject {
  const tags = given.texts('tags');
  return {
    location: facts.location,
    ...(tags === undefined ? {} : { tags: pairsOf(tags) }),
    ...identityOf(given),
    sku: { name: 'Base', tier: tierOf(given) ?? 'Free' },
    properties: defined({
      agentPoolProfiles: [firstPool(given)],
      kubernetesVersion: kubernetesVersion(given.text('kubernetesVersion')),
      ...serverNameOf(given, facts.subscription),
      disableLocalAccounts: given.flag('disableLocalAccounts'),
      enableRBAC: !given.flag('disableRbac'),
      nodeResourceGroup: given.text('nodeResourceGroup'),
      linuxProfile: linuxProfileOf(given, facts.sshKey),
      windowsProfile: facts.windows,
      servicePrincipalProfile: servicePrincipalOf(given),
      networkProfile: networkProfileOf(given),
      addonProfiles: addonProfilesOf(given.text('enableAddons')),
      autoUpgradeProfile: upgradeChannelsOf(given),
      apiServerAccessProfile: accessOf(given),
      oidcIssuerProfile: given.flag('enableOidcIssuer') ? { enabled: true } : undefined,
      identityProfile: kubeletIdentityOf(given),
      storageProfile: {},
    }),
  };
}

/** The sku's tier, when an argument names one. */
export function tierOf(given: GivenArguments): string | undefined {
  if (given.flag('noUptimeSla')) return 'Free';
  if (given.flag('uptimeSla')) return 'Standard';
  const tier = given.text('tier');
  return tier === undefined ? undefined : `${tier.slice(0, 1).toUpperCase()}${tier.slice(1)}`;
}

/** Upgrades that come by themselves, when an argument names any. */
export function upgradeChannelsOf(given: GivenArguments): JsonObject | undefined {
  const channels = defined({ upgradeChannel: given.text('autoUpgradeChannel'), nodeOSUpgradeChannel: given.text('nodeOsUpgradeChannel') });
  return Object.keys(channels).length === 0 ? undefined : channels;
}

/** Who may reach the API server, when an argument says so. */
export function accessOf(given: GivenArguments): JsonObject | undefined {
  const access = defined({
    authorizedIPRanges: authorizedRangesOf(given),
    enablePrivateCluster: given.flag('enablePrivateCluster') ? true : undefined,
  });
  return Object.keys(access).length === 0 ? undefined : access;
}

/** The identity that nodes act under, when an argument names it. */
export function kubeletIdentityOf(given: GivenArguments): JsonObject | undefined {
  const resourceId = given.text('assignKubeletIdentity');
  return resourceId === undefined ? undefined : { kubeletidentity: { resourceId } };
}

/** An object without the fields that are undefined. */
export function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function firstPool(given: GivenArguments): JsonObject {
  const name = given.text('nodepoolName') ?? 'nodepool1';
  const labels = given.texts('nodepoolLabels');
  const tags = given.texts('nodepoolTags');
  return defined({
    name,
    ...poolNodesOf(given, 'System'),
    osType: 'Linux',
    mode: 'System',
    nodeLabels: labels === undefined ? undefined : nodeLabelsOf(labels),
    tags: tags === undefined ? undefined : pairsOf(tags),
    nodeTaints: taintsOf(given.text('nodepoolTaints') ?? ''),
  });
}

/** The fields that the first pool and added ones share. */
export function poolNodesOf(given: GivenArguments, mode: string): JsonObject {
  const count = given.number('nodeCount') ?? 3;
  return defined({
    orchestratorVersion: kubernetesVersion(given.text('kubernetesVersion')),
    vmSize: given.text('nodeVmSize') ?? '',
    osDiskSizeGB: given.number('nodeOsdiskSize'),
    osDiskType: given.text('nodeOsdiskType'),
    osSKU: given.text('osSku'),
    maxPods: given.number('maxPods'),
    count,
    ...newAutoscaler(given, { count, mode }),
    availabilityZones: given.texts('zones'),
    vnetSubnetID: given.text('vnetSubnetId'),
    podSubnetID: given.text('podSubnetId'),
    proximityPlacementGroupID: given.text('ppg'),
    hostGroupID: given.text('hostGroupId'),
    gpuInstanceProfile: given.text('gpuInstanceProfile'),
    nodePublicIPPrefixID: given.text('nodePublicIpPrefixId'),
    enableNodePublicIP: given.flag('enableNodePublicIp'),
    enableEncryptionAtHost: given.flag('enableEncryptionAtHost'),
    enableUltraSSD: given.flag('enableUltraSsd'),
    enableFIPS: given.flag('enableFipsImage'),
    scaleSetPriority: 'Regular',
    upgradeSettings: {},
    type: vmSetType(given.text('vmSetType')),
  });
}

function vmSetType(text: string | undefined): string {
  if (text === undefined || text === '' || text.toLowerCase() === 'virtualmachinescalesets') return 'VirtualMachineScaleSets';
  if (text.toLowerCase() === 'availabilityset') return 'AvailabilitySet';
  throw refused('--vm-set-type can only be VirtualMachineScaleSets or AvailabilitySet');
}

function serverNameOf(given: GivenArguments, subscription: string): JsonObject {
  const [prefix, subdomain] = [given.text('dnsNamePrefix'), given.text('fqdnSubdomain')];
  if (prefix !== undefined && subdomain !== undefined) {
    throw refused('--dns-name-prefix and --fqdn-subdomain cannot be used at same time');
  }
  if (subdomain !== undefined) return { fqdnSubdomain: subdomain };
  return { dnsPrefix: prefix ?? defaultPrefix(given.required('name'), given.required('resourceGroup'), subscription) };
}

/** az's own: ten letters of the name, sixteen of the group, six of the subscription. */
function defaultPrefix(name: string, group: string, subscription: string): string {
  const start = name.replace(/[^A-Za-z0-9-]/g, '').slice(0, 10);
  const letters = /^[a-zA-Z]/.test(start) ? start : `a${start}`.slice(0, 10);
  return `${letters}-${group.replace(/[^A-Za-z0-9-]/g, '').slice(0, 16)}-${subscription.slice(0, 6)}`;
}

function linuxProfileOf(given: GivenArguments, sshKey: string | undefined): JsonObject | undefined {
  if (sshKey === undefined) return undefined;
  return { adminUsername: given.text('adminUsername') ?? 'azureuser', ssh: { publicKeys: [{ keyData: sshKey }] } };
}

function servicePrincipalOf(given: GivenArguments): JsonObject | undefined {
  const [clientId, secret] = [given.text('servicePrincipal'), given.text('clientSecret')];
  if (clientId === undefined && secret === undefined) return undefined;
  if (clientId !== undefined && secret !== undefined) return { clientId, secret };
  throw refused(
    "Please provide both --service-principal and --client-secret to use sp as the cluster identity. An sp can be created using the 'az ad sp create-for-rbac' command.",
  );
}

function identityOf(given: GivenArguments): JsonObject {
  const id = given.text('assignIdentity');
  if (given.has('assignKubeletIdentity') && id === undefined) {
    throw refused('--assign-kubelet-identity can only be specified when --assign-identity is specified');
  }
  if (servicePrincipalOf(given) !== undefined) return {};
  if (id === undefined) return { identity: { type: 'SystemAssigned' } };
  return { identity: { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } } };
}

function networkProfileOf(given: GivenArguments): JsonObject {
  if (given.text('outboundType') === 'userDefinedRouting' && !given.has('vnetSubnetId')) {
    throw refused(
      '--vnet-subnet-id must be specified for userDefinedRouting and it must be pre-configured with a route table with egress rules',
    );
  }
  const list = (name: string): readonly string[] | undefined =>
    given
      .text(name)
      ?.split(',')
      .map((each) => each.trim());
  return defined({
    networkPlugin: given.text('networkPlugin'),
    networkPluginMode: given.text('networkPluginMode'),
    networkPolicy: given.text('networkPolicy'),
    networkDataplane: given.text('networkDataplane'),
    podCidr: given.text('podCidr'),
    podCidrs: list('podCidrs'),
    serviceCidr: given.text('serviceCidr'),
    serviceCidrs: list('serviceCidrs'),
    dnsServiceIP: given.text('dnsServiceIp'),
    ipFamilies: list('ipFamilies'),
    loadBalancerSku: given.text('loadBalancerSku') ?? 'standard',
    outboundType: given.text('outboundType') ?? 'loadBalancer',
  });
}
