/** What the process of one lab node is told when it starts. */
import type { EngineName } from '@weir/model';
import type { AgentPlace } from '../engine-pods/agent-process.ts';
import type { RestartDelayBounds } from './restart-delays.ts';

/** What a node says of itself beside what every node says. */
export interface NodeIdentity {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** How many pods it takes, as `--max-pods` of its kubelet; absent: 250. */
  readonly maxPods?: number;
  /** The version of its kubelet, `v1.34.4`; absent: that of the lab's API server. */
  readonly kubeletVersion?: string;
  /** The system of a Windows node; absent: Windows Server 2022. */
  readonly windows?: WindowsIdentity;
}

/** The Windows that a node says it runs. */
export interface WindowsIdentity {
  readonly osImage: string;
  /** `10.0.<build>.<update>`. */
  readonly kernelVersion: string;
}

/** Written by the control plane as JSON, read by `weir lab node --config FILE`. */
export interface NodeOptions {
  /** Name of the cluster; part of every namespace name. */
  readonly cluster: string;
  /** Name of the node, as in the Node object. */
  readonly node: string;
  /** Kubeconfig with the node's own client certificate. */
  readonly kubeconfig: string;
  /** Unix socket (0600) on which this process serves exec, attach and logs, paths as a kubelet has them. */
  readonly socket: string;
  /** What enforces policies on the node; absent: nothing does. */
  readonly engine?: EngineName;
  /** Unix socket of the agent's start gate on this node; absent when nothing enforces. */
  readonly gateSocket?: string;
  /** Without a gate: an engine is on its way, and it counts for how long pods talk without one. */
  readonly awaitsEngine?: boolean;
  /** Where the agent of the node is found, if there is one; absent: the node shows none. */
  readonly agent?: AgentPlace;
  /** Makes it a Windows node: the unix socket on which its HNS answers. */
  readonly hnsSocket?: string;
  /** Directory for pod roots, runc bundles and logs; this process owns it. */
  readonly stateDirectory: string;
  /** The node's own addresses, IPv4 first; one of each family at most. */
  readonly addresses: readonly string[];
  /** Blocks that pod addresses are taken from, one of each family at most; empty: no network plugin is there to give any. */
  readonly podBlocks: readonly string[];
  /** Blocks of all pods of the cluster, where nobody outside of it knows them: what leaves these gets the node's address. */
  readonly podCidrs?: readonly string[];
  /** Address of the cluster's DNS service and its domain, for the pods' resolv.conf. */
  readonly dns: { readonly address: string; readonly domain: string };
  /** Whether pods with unknown images get a stand-in that serves their containerPorts. */
  readonly standIn: boolean;
  readonly identity?: NodeIdentity;
  /** Whether the node's service proxy stands in for a kube-proxy with iptables, with its chain KUBE-FORWARD. */
  readonly hasKubeForward?: boolean;
  /** How long a container that ended waits for its next start; absent: as a kubelet, 10 s up to 300 s. */
  readonly restartDelays?: RestartDelayBounds;
  /** The compiled programs that sandboxes mount for `/agnhost`; absent: those of this package's build. */
  readonly programDirectory?: string;
}
