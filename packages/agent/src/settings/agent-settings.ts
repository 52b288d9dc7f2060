/**
 * All settings of the agent, one row each: flags, environment, file, help and reference are made from
 * this table. A new setting is a member of {@link AgentSettings} and a row of {@link agentSettings}.
 */
import type { LocalPods } from '@weir/calc';
import type { EstablishedMode } from '@weir/dataplane';
import type { DataplaneName, EngineName } from '@weir/model';
import { addressFromWords } from '@weir/net';
import { type ListenAddress, listenAddress } from './listen-address.ts';
import type { AnySetting, SettingOf } from './setting.ts';
import { choice, listOf, path, socketPath, textLike, whole, yesOrNo } from './setting-kinds.ts';

/** The levels of the structured log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What an agent is told, complete and checked. */
export interface AgentSettings {
  /** The file that the other settings may come from; undefined: none was read. */
  readonly config: string | undefined;
  /** Name of this node, as in `spec.nodeName` of its pods. */
  readonly node: string;
  /** Path of a kubeconfig, or `in-cluster`; see deploy/kubernetes for what it has to be allowed. */
  readonly kubeconfig: string;
  /** Unix socket of the start gate, mode 0600. */
  readonly gateSocket: string;
  /** Unix socket, mode 0660, where DNS servers tell what names resolve to; undefined: nobody does. */
  readonly namesSocket: string | undefined;
  /** Directory for what must outlive the process: attachments and accepted policies. */
  readonly stateDirectory: string;
  /** Prefixes of the names of the node's ends of pod links. */
  readonly podInterfaces: readonly string[];
  /** What enforces the policies; undefined: what the engine of `profile` has. */
  readonly dataplane: DataplaneName | undefined;
  /** With `iptables`: where in the kernel's chains Weir is asked; undefined: where the engine of `profile` stands. */
  readonly iptablesPosition: 'first' | 'after-kube-proxy' | undefined;
  /** With `iptables`: the flavour; undefined: that of kube-proxy. */
  readonly iptablesFlavour: 'nft' | 'legacy' | undefined;
  /** With `hns`: unix socket of an emulated HNS; undefined: that of Windows. */
  readonly hnsSocket: string | undefined;
  /** With `hns`: enforce negative selectors and `except` by other means, instead of refusing them. */
  readonly windowsExpandUnsupported: boolean;
  /** How the engine of the real world behaves where the specification leaves room. */
  readonly profile: EngineName;
  /** What becomes of connections that a new state denies; undefined: what the profile says. */
  readonly established: EstablishedMode | undefined;
  /** Which pods of the node are its own: those announced at the start gate, or also those that the API server lists with an address. */
  readonly localPods: LocalPods;
  /** Seconds for which an address is nobody's before another pod may start with it. */
  readonly addressRestSeconds: number;
  /** Where new connections are told of, `-` for standard output; undefined: nowhere. */
  readonly flowLog: string | undefined;
  /** Size at which that file begins anew, in MB; its predecessor is kept. */
  readonly flowLogMb: number;
  /** New connections of each kind (allowed, denied on the way out, denied on the way in) that are told of in a second. */
  readonly flowRate: number;
  /** Seconds between two comparisons with the kernel. */
  readonly resyncSeconds: number;
  /** Seconds between two signs of life in the node's Lease; after three of them without one its report no longer counts. */
  readonly statusSeconds: number;
  readonly logLevel: LogLevel;
  /** Further lines of a second are left out and counted; errors have as many of their own. */
  readonly logLinesPerSecond: number;
  /** Where `/livez`, `/readyz` and `/metrics` are answered. */
  readonly metricsAddress: ListenAddress | 'none';
  /** PEM files; with them the answers go over TLS. */
  readonly metricsTlsCert: string | undefined;
  readonly metricsTlsKey: string | undefined;
  /** File with the bearer token that every request must carry; undefined: none is asked for. */
  readonly metricsTokenFile: string | undefined;
  /** How many policies have packet counters of their own; those of the others are added up. */
  readonly metricsPolicies: number;
  /** Resident memory at which the agent ends in order, in MB; undefined: there is no limit. */
  readonly memoryLimitMb: number | undefined;
  /** Whether the agent gives up every capability that it does not need. */
  readonly dropCapabilities: boolean;
}

/** The longest time between two comparisons: a day, in seconds. */
const longestResyncSeconds = 86_400;

/** No agent lags for longer and is still of use, in seconds. */
const longestAddressRestSeconds = 3_600;

/** A prefix of IFNAMSIZ (16 with its end) would be a whole name and no prefix. */
const interfacePrefix = textLike('PREFIX', /^[^\s/:,]{1,14}$/, 'prefix of interface names');

/** The table. Keys are the keys of the file; flags and variables are named after them. */
export const agentSettings: { readonly [K in keyof AgentSettings]: SettingOf<AgentSettings[K]> } = {
  config: { kind: path('FILE'), summary: 'file with settings, YAML or JSON; flags and environment go before it' },
  node: {
    kind: textLike('NAME', /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'node name'),
    isRequired: true,
    summary: 'name of this node, as in spec.nodeName of its pods',
  },
  kubeconfig: { kind: path('FILE'), isRequired: true, summary: 'kubeconfig of the agent; in-cluster: the service account of its pod' },
  gateSocket: { kind: socketPath, default: '/run/weir/agent.sock', summary: "unix socket of the agent's start gate" },
  namesSocket: {
    kind: socketPath,
    summary: 'unix socket at which DNS servers tell what names resolve to; without it policies with rules about names are refused',
  },
  stateDirectory: { kind: path('DIR'), default: '/var/lib/weir/agent', summary: 'what must outlive the process' },
  podInterfaces: {
    kind: listOf(interfacePrefix, 'give at least one prefix, else unknown pods are not closed'),
    default: ['weir'],
    summary: "prefixes of the names of the node's ends of pod links",
  },
  dataplane: {
    kind: choice('nftables', 'iptables', 'ebpf', 'hns'),
    summary: 'what enforces the policies; without it what the engine of --profile has; hns: the Windows Host Networking Service',
  },
  iptablesPosition: {
    kind: choice('first', 'after-kube-proxy'),
    summary:
      'with iptables: where its jump stands; behind kube-proxy, what that accepts is not judged; without it as the engine of --profile: azure behind, the others first',
  },
  iptablesFlavour: { kind: choice('nft', 'legacy'), summary: 'with iptables: the flavour; without it that of kube-proxy' },
  hnsSocket: { kind: socketPath, summary: 'with hns: unix socket of an emulated HNS; without it computenetwork.dll' },
  windowsExpandUnsupported: {
    kind: yesOrNo,
    default: false,
    summary: 'with hns: negative selectors are listed and except is split into blocks, instead of refusing them',
  },
  profile: { kind: choice('kubernetes', 'azure', 'calico', 'cilium'), default: 'kubernetes', summary: 'behave like this engine' },
  established: {
    kind: choice('keep', 'cut'),
    summary: 'what becomes of connections that a new state denies; without it what the engine of --profile does',
  },
  localPods: {
    kind: choice('listed', 'announced'),
    default: 'listed',
    summary:
      'announced: pods of the node are closed until its start gate is told of them; listed: those that have an address already are not',
  },
  addressRestSeconds: {
    kind: whole(0, longestAddressRestSeconds),
    default: 10,
    summary: 'seconds that an address rests before another pod may start with it',
  },
  flowLog: {
    kind: path('FILE'),
    summary: "file for new connections with the rule that decides, JSON lines, '-' for standard output; without it none are told",
  },
  flowLogMb: {
    kind: whole(1, 65_536),
    default: 64,
    summary: 'size at which the file of --flow-log begins anew, in MB; one predecessor is kept',
  },
  flowRate: {
    kind: whole(1, 10_000),
    default: 100,
    summary: 'connections that are told of in a second: so many allowed, so many denied on the way out, and in',
  },
  resyncSeconds: { kind: whole(1, longestResyncSeconds), default: 30, summary: 'seconds between two comparisons with the kernel' },
  statusSeconds: { kind: whole(2, 300), default: 20, summary: "seconds between two signs of life in the node's Lease" },
  logLevel: { kind: choice('debug', 'info', 'warn', 'error'), default: 'info', summary: 'how much is logged' },
  logLinesPerSecond: {
    kind: whole(1, 100_000),
    default: 100,
    summary: 'lines of the log a second at most, and as many errors; the others are counted',
  },
  metricsAddress: {
    kind: listenAddress,
    default: { address: addressFromWords(4, [0x7f00_0001]), port: 9477 },
    summary: 'where /livez, /readyz and /metrics are answered; off loopback only with TLS and a token',
  },
  metricsTlsCert: { kind: path('FILE'), summary: 'certificate (PEM) of the metrics address; read again when it changes' },
  metricsTlsKey: { kind: path('FILE'), summary: 'private key (PEM) of that certificate' },
  metricsTokenFile: { kind: path('FILE'), summary: 'file with the bearer token that requests there must carry' },
  metricsPolicies: {
    kind: whole(0, 100_000),
    default: 500,
    summary: 'how many policies have packet counters of their own; the others count as policy="other"',
  },
  memoryLimitMb: {
    kind: whole(96, 1_048_576),
    summary: 'resident memory at which the agent ends in order and says what used it; near it, it reports',
  },
  dropCapabilities: {
    kind: yesOrNo,
    default: true,
    summary: 'give up every capability but CAP_NET_ADMIN, and every way to get one back',
  },
};

/** A name of a setting. */
export type SettingKey = keyof AgentSettings;

/** The rows of the table in its order. */
export function settingRows(): readonly (readonly [SettingKey, AnySetting])[] {
  return Object.entries(agentSettings as Readonly<Record<string, AnySetting>>) as unknown as readonly [SettingKey, AnySetting][];
}
