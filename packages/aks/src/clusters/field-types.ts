/**
 * The types of fields, as AKS's API has them: a field of another type would be taken for one that was left out. The
 * text of a refusal is Weir's own.
 */
import { isJsonObject, type JsonObject, listAt, objectAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';

/** Names of fields, by type, with spaces between. */
type FieldTypes = Readonly<Partial<Record<'number' | 'string' | 'boolean' | 'array' | 'object', string>>>;

const poolTypes: FieldTypes = {
  number: 'count minCount maxCount maxPods osDiskSizeGB spotMaxPrice',
  string: `vmSize osType osSKU mode orchestratorVersion osDiskType kubeletDiskType type scaleDownMode scaleSetPriority
    scaleSetEvictionPolicy vnetSubnetID podSubnetID`,
  boolean: 'enableAutoScaling enableNodePublicIP enableEncryptionAtHost enableUltraSSD enableFIPS',
  array: 'nodeTaints availabilityZones',
  object: 'nodeLabels tags upgradeSettings powerState securityProfile',
};

/** Of a cluster's document, and of what is in its properties. */
const clusterTypes: readonly (readonly [path: readonly string[], types: FieldTypes])[] = [
  [[], { string: 'location', object: 'tags sku identity properties' }],
  [
    ['properties'],
    {
      string: 'kubernetesVersion dnsPrefix nodeResourceGroup',
      boolean: 'disableLocalAccounts enableRBAC',
      array: 'agentPoolProfiles',
      object: `networkProfile windowsProfile linuxProfile servicePrincipalProfile oidcIssuerProfile autoUpgradeProfile
        apiServerAccessProfile addonProfiles storageProfile identityProfile`,
    },
  ],
  [
    ['properties', 'networkProfile'],
    {
      string:
        'networkPlugin networkPluginMode networkPolicy networkDataplane podCidr serviceCidr dnsServiceIP outboundType loadBalancerSku',
      array: 'podCidrs serviceCidrs ipFamilies',
    },
  ],
  [['properties', 'windowsProfile'], { string: 'adminUsername licenseType' }],
  [['properties', 'oidcIssuerProfile'], { boolean: 'enabled' }],
  [['properties', 'apiServerAccessProfile'], { array: 'authorizedIPRanges', boolean: 'enablePrivateCluster' }],
];

/** Throws 400 for a field of a pool's properties that has another type. */
export function checkPoolTypes(properties: JsonObject): void {
  checkTypes(properties, poolTypes, 'agentPoolProfile.');
}

/** Throws 400 for a field of a cluster's document that has another type. */
export function checkClusterTypes(body: JsonObject): void {
  for (const [path, types] of clusterTypes) {
    const object = path.reduce<JsonObject | undefined>((parent, key) => objectAt(parent, key), body) ?? {};
    // Targets are told as AKS tells them: from the properties on.
    checkTypes(
      object,
      types,
      path
        .slice(1)
        .map((key) => `${key}.`)
        .join(''),
    );
  }
  const other = listAt(objectAt(body, 'properties'), 'agentPoolProfiles').find((pool) => !isJsonObject(pool));
  if (other !== undefined) throw wrongType('agentPoolProfiles', other, 'object');
}

function checkTypes(object: JsonObject, types: FieldTypes, path: string): void {
  for (const [type, fields] of Object.entries(types)) {
    for (const field of fields.split(/\s+/)) {
      const value = object[field];
      if (value !== undefined && value !== null && typeOf(value) !== type) throw wrongType(`${path}${field}`, value, type);
    }
  }
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The value is not shown: it may be a secret in the wrong place. */
function wrongType(target: string, value: unknown, type: string): Error {
  const message = `The value of parameter ${target} is invalid: it is of type ${value === null ? 'null' : typeOf(value)}, not of type ${type}.`;
  return providerError(400, 'InvalidParameter', message, { target });
}
