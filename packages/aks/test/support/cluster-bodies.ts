/** Bodies as az sends them (reference §3.4, §3.6). */

/** Changes to a body, by part. */
export interface BodyChanges {
  readonly network?: object;
  readonly pool?: object;
  readonly properties?: object;
  readonly top?: object;
}

/** What `az aks create --network-plugin azure --network-policy azure --node-count 1` sends. */
export function clusterBody({ network, pool, properties, top }: BodyChanges = {}): object {
  return {
    location: 'canadaeast',
    properties: {
      agentPoolProfiles: [linuxPool(pool)],
      kubernetesVersion: '',
      dnsPrefix: 'c-rg-000000',
      disableLocalAccounts: false,
      enableRBAC: true,
      networkProfile: {
        networkPlugin: 'azure',
        networkPolicy: 'azure',
        loadBalancerSku: 'standard',
        outboundType: 'loadBalancer',
        ...network,
      },
      addonProfiles: {},
      storageProfile: {},
      ...properties,
    },
    identity: { type: 'SystemAssigned' },
    sku: { name: 'Base', tier: 'Free' },
    ...top,
  };
}

/** The pool in it. */
export function linuxPool(changes: object = {}): object {
  return {
    name: 'nodepool1',
    orchestratorVersion: '',
    vmSize: 'Standard_DS2_v2',
    osType: 'Linux',
    osDiskSizeGB: 0,
    count: 1,
    enableAutoScaling: false,
    scaleSetPriority: 'Regular',
    nodeTaints: [],
    upgradeSettings: {},
    type: 'VirtualMachineScaleSets',
    mode: 'System',
    ...changes,
  };
}

/** What `az aks nodepool add --os-type Windows` sends. */
export function windowsPool(changes: object = {}): object {
  return { count: 1, vmSize: '', osType: 'Windows', mode: 'User', type: 'VirtualMachineScaleSets', scaleDownMode: 'Delete', ...changes };
}
