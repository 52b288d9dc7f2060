/** The arguments of commands about clusters, and those that clusters and their pools share. */
import { type Argument, argument, flag } from '../command-line/argument.ts';
import { resourceGroup, subscription, tags, yes } from '../command-line/az-command.ts';

/** Which cluster. */
export const clusterNamed: readonly Argument[] = [
  resourceGroup,
  argument('--name -n', 'Name of the managed cluster', { isRequired: true }),
  subscription,
];

/** The autoscaler's bounds. */
export const nodeBounds: readonly Argument[] = [
  argument('--min-count', 'Fewest nodes of the autoscaler', { type: 'int' }),
  argument('--max-count', 'Most nodes of the autoscaler', { type: 'int' }),
];

/** What nodes a pool has. */
export const poolNodes: readonly Argument[] = [
  argument('--node-count -c', 'Number of nodes; 3 when left out', { type: 'int' }),
  argument('--node-vm-size -s', 'Size of the virtual machines'),
  argument('--node-osdisk-size', "Size of the nodes' disks in GB", { type: 'int' }),
  argument('--node-osdisk-type', "Kind of the nodes' disks", { choices: ['Managed', 'Ephemeral'] }),
  argument('--max-pods -m', 'Most pods on a node', { type: 'int' }),
  argument('--zones -z', 'Availability zones', { arity: 'some', choices: ['1', '2', '3'] }),
  argument('--os-sku', 'What nodes run', {
    choices: ['AzureLinux', 'Ubuntu', 'Ubuntu2204', 'Mariner', 'CBLMariner', 'Windows2019', 'Windows2022'],
  }),
  argument('--vnet-subnet-id', 'Id of the subnet that nodes are in'),
  argument('--pod-subnet-id', 'Id of the subnet that pods are in'),
  argument('--gpu-instance-profile', 'How a GPU is divided', { choices: ['MIG1g', 'MIG2g', 'MIG3g', 'MIG4g', 'MIG7g'] }),
  argument('--host-group-id', 'Id of the dedicated hosts'),
  argument('--ppg', 'Id of the proximity placement group'),
  argument('--node-public-ip-prefix-id', "Id of the nodes' public prefix"),
  flag('--enable-node-public-ip', 'Nodes have addresses of their own'),
  flag('--enable-encryption-at-host', 'Disks are encrypted at the host'),
  flag('--enable-ultra-ssd', 'Nodes take ultra disks'),
  flag('--enable-fips-image', 'Nodes have FIPS images'),
  argument('--aks-custom-headers', 'Further headers of the request, key=value with commas between'),
];

const network: readonly Argument[] = [
  argument('--network-plugin', 'What gives pods their addresses', { choices: ['kubenet', 'azure', 'none'] }),
  argument('--network-plugin-mode', 'How the plugin does it', { choices: ['overlay'] }),
  argument('--network-dataplane', 'What forwards packets', { choices: ['azure', 'cilium'] }),
  argument('--pod-cidr', 'Addresses of pods, for kubenet and overlays'),
];

const operatingCluster: readonly Argument[] = [
  argument('--tier', 'Service level', { choices: ['free', 'standard', 'premium'] }),
  argument('--auto-upgrade-channel', 'Which versions come by themselves', {
    choices: ['rapid', 'stable', 'patch', 'node-image', 'none'],
  }),
  argument('--node-os-upgrade-channel', 'Which images of nodes come by themselves', {
    choices: ['NodeImage', 'None', 'SecurityPatch', 'Unmanaged'],
  }),
  argument('--api-server-authorized-ip-ranges', 'Who may reach the API server, with commas between'),
  argument('--outbound-type', 'How packets leave', {
    choices: ['loadBalancer', 'userDefinedRouting', 'managedNATGateway', 'userAssignedNATGateway', 'none', 'block'],
  }),
  argument('--windows-admin-password', 'Password of the administrator of Windows nodes'),
  flag('--enable-ahub', 'Windows licences of your own'),
  flag('--disable-local-accounts', 'No certificates of administrators'),
  flag('--enable-oidc-issuer', 'The API server is an issuer of tokens'),
  flag('--enable-managed-identity', 'The cluster acts under an identity of its own'),
  argument('--assign-identity', 'Id of the identity that the cluster acts under'),
  argument('--assign-kubelet-identity', 'Id of the identity that nodes act under'),
  argument('--attach-acr', 'Registry that nodes may pull from'),
  argument('--nodepool-taints', 'Taints of all pools, key=value:effect with commas between'),
  argument('--nodepool-labels', 'Labels of all pools, key=value with spaces between', { arity: 'any' }),
];

/** `az aks create`. */
export const createArguments: readonly Argument[] = [
  ...clusterNamed,
  argument('--location -l', "Region; the group's when left out", { configuredDefault: 'location' }),
  tags,
  argument('--kubernetes-version -k', 'Version of Kubernetes; the default one when left out'),
  argument('--dns-name-prefix -p', "Beginning of the API server's name"),
  argument('--fqdn-subdomain', "The API server's name in a private zone"),
  argument('--node-resource-group', "Name of the group of the cluster's own resources"),
  argument('--nodepool-name', 'Name of the first pool; nodepool1 when left out'),
  argument('--nodepool-tags', 'key[=value] pairs of the first pool', { arity: 'any' }),
  argument('--vm-set-type', 'Kind of the first pool'),
  ...poolNodes,
  flag('--enable-cluster-autoscaler', 'Nodes come and go by themselves'),
  ...nodeBounds,
  ...network,
  argument('--network-policy', 'Engine that enforces network policies: azure, calico, cilium or none'),
  argument('--pod-cidrs', 'Addresses of pods, one range for each family, with commas between'),
  argument('--service-cidr', 'Addresses of services'),
  argument('--service-cidrs', 'Addresses of services, one range for each family, with commas between'),
  argument('--dns-service-ip', "Address of the cluster's name server"),
  argument('--ip-families', 'IPv4, or IPv4,IPv6'),
  argument('--load-balancer-sku', 'Kind of the load balancer', { choices: ['basic', 'standard'] }),
  argument('--windows-admin-username', 'Name of the administrator of Windows nodes'),
  argument('--admin-username -u', 'Name of the administrator of Linux nodes'),
  argument('--ssh-key-value', 'Public key of the administrator, or the file with it; ~/.ssh/id_rsa.pub when left out'),
  flag('--generate-ssh-keys', 'Make the key when there is none'),
  flag('--no-ssh-key -x', 'No key'),
  argument('--service-principal', 'Application that the cluster acts as'),
  argument('--client-secret', 'Secret of that application'),
  flag('--disable-rbac', 'No role-based access control'),
  flag('--enable-private-cluster', 'The API server has a private address only'),
  flag('--skip-subnet-role-assignment', 'Assign no role on the subnet'),
  flag('--uptime-sla', 'Tier standard'),
  argument('--enable-addons -a', 'Add-ons, with commas between'),
  ...operatingCluster,
  yes,
];

/** `az aks update`. */
export const updateArguments: readonly Argument[] = [
  ...clusterNamed,
  tags,
  argument('--network-policy', 'Engine that enforces network policies; none takes it away', {
    choices: ['azure', 'calico', 'cilium', 'none'],
  }),
  ...network,
  flag('--enable-cluster-autoscaler -e', 'Nodes come and go by themselves'),
  flag('--disable-cluster-autoscaler -d', 'Nodes stay as many as they are'),
  flag('--update-cluster-autoscaler -u', "Change the autoscaler's bounds"),
  ...nodeBounds,
  ...operatingCluster,
  flag('--disable-ahub', 'No Windows licences of your own'),
  flag('--enable-local-accounts', 'Certificates of administrators'),
  flag('--uptime-sla', 'Tier standard'),
  flag('--no-uptime-sla', 'Tier free'),
  argument('--detach-acr', 'Registry that nodes may no longer pull from'),
  argument('--aks-custom-headers', 'Further headers of the request, key=value with commas between'),
  yes,
];
