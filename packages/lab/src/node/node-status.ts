/**
 * What a node says of itself in its status: addresses, room, conditions, versions. Values in, values out, apart from
 * what the machine is.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import type { Condition, Node, Quantities } from '@weir/kube';
import type { NodeOptions, WindowsIdentity } from './node-options.ts';

/** The Kubernetes version whose behaviour the lab reproduces. */
const usualKubeletVersion = 'v1.35.2';
const usualMaxPods = 250;

/** One statement about the node; when it began to hold is for {@link nodeStatusPatch} to say. */
type Statement = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** What a node says in one report. */
export type NodeConditions = readonly Statement[];

/** What a kubelet says while nobody has brought a network plugin. */
export const networkNotReady =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';

/** A node whose process works. */
export function workingConditions({ podBlocks }: Pick<NodeOptions, 'podBlocks'>): NodeConditions {
  return [
    healthy('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    healthy('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    healthy('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    podBlocks.length === 0
      ? { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: networkNotReady }
      : { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
}

/** Whether a node works as far as it can without a network plugin. */
export function waitsForPlugin(node: Node): boolean {
  return node.status?.conditions?.some(({ type, message }) => type === 'Ready' && message === networkNotReady) ?? false;
}

/** A node whose process is about to end. */
export const stoppedConditions: NodeConditions = [
  { type: 'Ready', status: 'False', reason: 'KubeletStopped', message: 'the node process of the lab was stopped' },
];

/** What a node has: all of the machine, like every other node of it. */
export function nodeResources({ identity }: Pick<NodeOptions, 'identity'>): Quantities {
  return { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: String(identity?.maxPods ?? usualMaxPods) };
}

/**
 * The strategic merge patch of the status. `present` is the Node object as it is: a condition whose status stays as
 * it was keeps the time of its last transition.
 */
export function nodeStatusPatch(options: NodeOptions, present: Node, conditions: NodeConditions): { readonly status: object } {
  const resources = nodeResources(options);
  return {
    status: {
      addresses: addressesPatch(options),
      capacity: resources,
      allocatable: resources,
      conditions: dated(conditions, present),
      nodeInfo: { ...nodeInfo(options, present), ...(options.hnsSocket === undefined ? {} : windowsInfo(options)) },
    },
  };
}

/** The list is merged by type, of which a node with both families has two alike: so it is replaced, as a kubelet does. */
function addressesPatch(options: NodeOptions): readonly object[] {
  const internal = options.addresses.map((address) => ({ type: 'InternalIP', address }));
  return [...internal, { type: 'Hostname', address: options.node }, { $patch: 'replace' }];
}

function dated(conditions: NodeConditions, present: Node): readonly Condition[] {
  const now = timestamp();
  return conditions.map((condition) => {
    const before = present.status?.conditions?.find(({ type }) => type === condition.type);
    const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? now) : now;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
  });
}

function healthy(type: string, reason: string, message: string): Statement {
  return { type, status: 'False', reason, message };
}

function nodeInfo(options: NodeOptions, present: Node): Readonly<Record<string, string>> {
  return {
    machineID: readOr('/etc/machine-id', ''),
    systemUUID: '',
    bootID: bootId(present),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readOr('/etc/os-release', ''))?.[1] ?? 'Linux',
    containerRuntimeVersion: 'weir://0.1.0',
    kubeletVersion: kubeletVersionOf(options),
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: goArchitecture(),
  };
}

/** The version of the node's kubelet, `v1.34.4`. */
export function kubeletVersionOf({ identity }: NodeOptions): string {
  return identity?.kubeletVersion ?? usualKubeletVersion;
}

/** A node that was replaced has booted anew, although the machine has not. */
function bootId(present: Node): string {
  const machine = readOr('/proc/sys/kernel/random/boot_id', '');
  const hash = createHash('sha256')
    .update(`${machine} ${present.metadata.uid ?? ''}`)
    .digest('hex');
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const windowsServer2022: WindowsIdentity = { osImage: 'Windows Server 2022 Datacenter', kernelVersion: '10.0.20348.2966' };

/** What a Windows node says of itself, although its kernel is the machine's. */
function windowsInfo({ identity }: NodeOptions): Readonly<Record<string, string>> {
  return { ...(identity?.windows ?? windowsServer2022), operatingSystem: 'windows', containerRuntimeVersion: 'containerd://1.7.20+azure' };
}

/** The label by which pods choose a build of Windows: the version of its kernel without the update. */
export function windowsBuild({ identity }: NodeOptions): string {
  return (identity?.windows ?? windowsServer2022).kernelVersion.split('.').slice(0, 3).join('.');
}

/** The machine's architecture in Go's words. */
export function goArchitecture(): string {
  return arch() === 'x64' ? 'amd64' : arch();
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return otherwise;
  }
}

function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
