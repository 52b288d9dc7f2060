/** The Node object of this node: made or brought up to date at the start, then kept alive by a heartbeat. */
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, isAlreadyExists, isNotFound, type KubeClient, nodesPath } from '@weir/client';
import type { Condition, Node } from '@weir/kube';
import { renewNodeLease } from './node-lease.ts';
import type { NodeOptions } from './node-options.ts';

const heartbeatMs = 10_000;
/** The Kubernetes version whose behaviour the lab reproduces. */
const kubeletVersion = 'v1.35.2';
const podCapacity = '250';

/** Registers the node, retrying until the API server takes it, and keeps its Ready condition fresh until `stopped`. */
export async function registerNode(client: KubeClient, options: NodeOptions, stopped: AbortSignal): Promise<void> {
  const backoff = new Backoff({ initialMs: 50, maximumMs: 5_000 });
  for (let registered = false; !stopped.aborted; ) {
    try {
      if (!registered) await upsertNode(client, options);
      registered = true;
      await writeNodeStatus(client, options);
      backoff.reset();
      break;
    } catch {
      await sleep(backoff.next(), undefined, { signal: stopped }).catch(() => undefined);
    }
  }
  void keepAlive(client, options, stopped);
}

/** Says that the node is going: nothing new is scheduled here while its process is away. */
export async function reportNotReady(client: KubeClient, options: NodeOptions): Promise<void> {
  const condition = readyCondition('False', 'KubeletStopped', 'the node process of the lab was stopped');
  await client.patch(nodesPath, options.node, { status: { conditions: [condition] } }, { type: 'strategic', subresource: 'status' });
}

async function keepAlive(client: KubeClient, options: NodeOptions, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await sleep(heartbeatMs, undefined, { signal: stopped }).catch(() => undefined);
    if (stopped.aborted) return;
    try {
      await writeNodeStatus(client, options);
    } catch (error) {
      // Somebody deleted the object: as a kubelet does, make it again.
      if (isNotFound(error)) await upsertNode(client, options).catch(() => undefined);
    }
  }
}

async function upsertNode(client: KubeClient, options: NodeOptions): Promise<void> {
  const labels = nodeLabels(options);
  try {
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: options.node, labels },
      spec: options.podBlocks[0] === undefined ? {} : { podCIDR: options.podBlocks[0], podCIDRs: options.podBlocks },
    };
    await client.create(nodesPath, node);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await client.patch(nodesPath, options.node, { metadata: { labels } }, { type: 'merge' });
  }
}

async function writeNodeStatus(client: KubeClient, options: NodeOptions): Promise<void> {
  await renewNodeLease(client, options.node);
  await client.patch(nodesPath, options.node, { status: nodeStatus(options) }, { type: 'strategic', subresource: 'status' });
}

/** Those that a kubelet sets, and on Windows those that AKS adds for its operating system. */
function nodeLabels({ node, hnsSocket }: NodeOptions): Readonly<Record<string, string>> {
  const system = hnsSocket === undefined ? 'linux' : 'windows';
  return {
    'kubernetes.io/hostname': node,
    'kubernetes.io/os': system,
    'kubernetes.io/arch': goArchitecture(),
    'beta.kubernetes.io/os': system,
    'beta.kubernetes.io/arch': goArchitecture(),
    ...(hnsSocket === undefined ? {} : windowsLabels),
  };
}

/** The build of Windows Server 2022, which AKS runs. */
const windowsBuild = '10.0.20348';

const windowsLabels = {
  'node.kubernetes.io/windows-build': windowsBuild,
  'kubernetes.azure.com/os-sku': 'Windows2022',
} as const;

function nodeStatus(options: NodeOptions): Node['status'] {
  const resources = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: podCapacity };
  const healthy = (type: string, reason: string, message: string): Condition => ({ ...readyCondition('False', reason, message), type });
  return {
    addresses: [...options.addresses.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: options.node }],
    capacity: resources,
    allocatable: resources,
    conditions: [
      healthy('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      healthy('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      healthy('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      readyCondition('True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    nodeInfo: { ...nodeInfo(), ...(options.hnsSocket === undefined ? {} : windowsInfo) },
  };
}

/** Transition times start with this process: close enough, and nobody has to read the object back first. */
const startedAt = timestamp();

function readyCondition(status: 'True' | 'False', reason: string, message: string): Condition {
  return {
    type: 'Ready',
    status,
    reason,
    message,
    lastHeartbeatTime: timestamp(),
    lastTransitionTime: status === 'True' ? startedAt : timestamp(),
  };
}

function nodeInfo(): Readonly<Record<string, string>> {
  return {
    machineID: readOr('/etc/machine-id', ''),
    systemUUID: '',
    bootID: readOr('/proc/sys/kernel/random/boot_id', ''),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readOr('/etc/os-release', ''))?.[1] ?? 'Linux',
    containerRuntimeVersion: 'weir://0.1.0',
    kubeletVersion,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: goArchitecture(),
  };
}

/** What a Windows node says of itself, although its kernel is the machine's. */
const windowsInfo = {
  kernelVersion: `${windowsBuild}.2340`,
  osImage: 'Windows Server 2022 Datacenter',
  operatingSystem: 'windows',
} as const;

function goArchitecture(): string {
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
