/**
 * Names of the lab's network namespaces and interfaces, and which cluster a namespace belongs to.
 *
 * Every name starts with `weir-<cluster>-`, so that what a crashed run left behind is found without
 * any record of ours. Cluster names may contain dashes: `weir-a-b-x` belongs to cluster `a-b` when
 * that one exists, else to `a`. {@link checkNodeName} keeps the two readings apart.
 */
import { listNetns } from '@weir/kernel';
import { shortHash } from '@weir/net';

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const nameLimit = 63;

/** The user asked for something that the virtual network cannot do; `code` says what, the message what to do. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly code: 'invalid-name' | 'name-taken' | 'address-taken' | 'invalid-address' | 'not-found' | 'kernel';

  constructor(code: NetworkError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The router of the cluster's virtual network. */
export function vnetNetnsName(cluster: string): string {
  return `weir-${cluster}-vnet`;
}

/** A node of the cluster. */
export function nodeNetnsName(cluster: string, node: string): string {
  return `weir-${cluster}-${node}`;
}

/** A pod, by its UID: the first part of a UID is no identity, so a hash of the whole one is used. */
export function podNetnsName(cluster: string, uid: string): string {
  return `weir-${cluster}-p-${shortHash(uid)}`;
}

/** An external host. */
export function hostNetnsName(cluster: string, host: string): string {
  return `weir-${cluster}-h-${host}`;
}

/** Prefix of the names of all node-side pod interfaces, by which an agent tells them from uplinks. */
export const podInterfacePrefix = 'weir';

/** The node-side interface of a pod: 15 characters, the longest that the kernel takes. */
export function podInterfaceName(uid: string): string {
  return `${podInterfacePrefix}${shortHash(uid)}`;
}

/** The namespace of the pod that has this node-side interface: both names carry the same hash of its UID. */
export function podNetnsNameOfInterface(cluster: string, interfaceName: string): string {
  return `weir-${cluster}-p-${interfaceName.slice(podInterfacePrefix.length)}`;
}

/** The router-side interface of a node (`n`) or an external host (`h`); not a pod interface by its name. */
export function routerInterfaceName(kind: 'n' | 'h', name: string): string {
  return `${routerInterfacePrefix(kind)}${shortHash(name)}`;
}

/** What the names of all router-side interfaces of nodes or of external hosts begin with. */
export function routerInterfacePrefix(kind: 'n' | 'h'): string {
  return `v${kind}`;
}

/** Clusters whose virtual network exists on this machine. */
export function listNetworks(): readonly string[] {
  return listNetns().flatMap((name) => {
    const match = /^weir-(.+)-vnet$/.exec(name);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

/** All namespaces of the cluster: its router, nodes, pods and hosts, also those of a run that crashed. */
export function netnsOfCluster(cluster: string): readonly string[] {
  const longer = listNetworks().filter((other) => other.startsWith(`${cluster}-`));
  return listNetns().filter((name) => name.startsWith(`weir-${cluster}-`) && !longer.some((other) => name.startsWith(`weir-${other}-`)));
}

/** Throws when the text is no usable cluster name. */
export function checkClusterName(cluster: string): void {
  checkLabel('cluster', cluster);
  if (cluster.endsWith('-vnet'))
    throw new NetworkError('invalid-name', `a cluster cannot be called "${cluster}": the ending -vnet is the router's`);
  const taken = listNetns().filter((name) => name.startsWith(`weir-${cluster}-`));
  const foreign = taken.find((name) =>
    listNetworks().some((other) => other !== cluster && cluster.startsWith(`${other}-`) && name.startsWith(`weir-${other}-`)),
  );
  if (foreign !== undefined && !listNetworks().includes(cluster)) {
    throw new NetworkError(
      'name-taken',
      `the cluster name "${cluster}" collides with the network namespace ${foreign} of another cluster; choose another name`,
    );
  }
}

/** Whether a text could be the name of a node, and is part of a path without leading elsewhere. */
export function isNodeName(node: string): boolean {
  return /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(node) && node.length <= 200;
}

/** Throws when a node of the cluster cannot have that name. */
export function checkNodeName(cluster: string, node: string): void {
  if (!isNodeName(node)) {
    throw new NetworkError('invalid-name', `"${node}" is no node name: lower case letters, digits, dashes and dots, at most 200`);
  }
  if (/^[ph]-/.test(node) || node === 'vnet' || node.endsWith('-vnet')) {
    throw new NetworkError(
      'invalid-name',
      `a node cannot be called "${node}": names starting with p- or h- and names ending with vnet are the network's own`,
    );
  }
  const other = listNetworks().find((name) => name.startsWith(`${cluster}-`) && `${cluster}-${node}`.startsWith(`${name}-`));
  if (other !== undefined) {
    throw new NetworkError(
      'name-taken',
      `the node name "${node}" of cluster "${cluster}" collides with cluster "${other}"; choose another name`,
    );
  }
}

/** Throws when an external host cannot have that name. */
export function checkHostName(host: string): void {
  checkLabel('host', host);
}

function checkLabel(what: string, text: string): void {
  if (labelPattern.test(text) && text.length <= nameLimit) return;
  throw new NetworkError('invalid-name', `"${text}" is no ${what} name: lower case letters, digits and dashes, at most ${nameLimit}`);
}
