/** What a pod's /etc says: its name, its hosts, its DNS. One source for the sandbox's files and the in-process resolver. */
import { isIP } from 'node:net';
import type { Pod } from '@weir/kube';
import { addToGroup } from '@weir/net';
import type { EtcFiles } from '../sandbox/root-directory.ts';
import { podHostname } from './pod-hostname.ts';
import type { PodNames } from './pod-resolver.ts';

/** What decides it. */
export interface PodFilesOptions {
  readonly pod: Pod;
  readonly node: string;
  readonly addresses: readonly string[];
  readonly dns: { readonly address: string; readonly domain: string };
}

interface DnsSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
}

interface ExtraSpec {
  readonly dnsConfig?: {
    readonly nameservers?: readonly string[];
    readonly searches?: readonly string[];
    readonly options?: readonly { readonly name?: string; readonly value?: string }[];
  };
  readonly hostAliases?: readonly { readonly ip: string; readonly hostnames?: readonly string[] }[];
}

/** The files and the same facts for the resolver of built-in programs. Throws a HostnameError. */
export function podFiles(options: PodFilesOptions): { readonly etc: EtcFiles; readonly names: PodNames } {
  const { pod, node } = options;
  const spec: (Pod['spec'] & ExtraSpec) | undefined = pod.spec;
  const { hostname, names: ownNames } = podHostname(pod, { node, domain: options.dns.domain });
  const entries: [address: string, names: readonly string[]][] = [
    ['127.0.0.1', ['localhost']],
    ['::1', ['localhost', 'ip6-localhost', 'ip6-loopback']],
    ...options.addresses.map((address): [string, readonly string[]] => [address, ownNames]),
    ...(spec?.hostAliases ?? []).map((alias): [string, readonly string[]] => [alias.ip, alias.hostnames ?? []]),
  ];
  const dns = dnsSettings(options, spec);
  return {
    etc: {
      hostname,
      hosts: `# Kubernetes-managed hosts file.\n${entries.map(([address, names]) => `${address}\t${names.join('\t')}\n`).join('')}`,
      resolvConf: resolvConf(dns),
    },
    names: { ...dns, hosts: hostsTable(entries) },
  };
}

/** `dnsPolicy` and `dnsConfig` as the kubelet combines them; there is no DNS outside the cluster to fall back to. */
function dnsSettings({ pod, dns }: PodFilesOptions, spec: (Pod['spec'] & ExtraSpec) | undefined): DnsSettings {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const ofCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && spec?.hostNetwork !== true);
  const extra = spec?.dnsConfig;
  const ndots = Number(extra?.options?.find((option) => option.name === 'ndots')?.value ?? (ofCluster ? 5 : 1));
  const domains = [`${pod.metadata.namespace ?? 'default'}.svc.${dns.domain}`, `svc.${dns.domain}`, dns.domain];
  return {
    servers: [...(ofCluster ? [dns.address] : []), ...(extra?.nameservers ?? [])].slice(0, 3),
    search: [...(ofCluster ? domains : []), ...(extra?.searches ?? [])],
    ndots: Number.isInteger(ndots) ? ndots : 5,
  };
}

function resolvConf({ servers, search, ndots }: DnsSettings): string {
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    `options ndots:${ndots}`,
  ];
  return `${lines.join('\n')}\n`;
}

function hostsTable(entries: readonly [string, readonly string[]][]): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, string[]>();
  for (const [address, names] of entries) {
    for (const name of names) addToGroup(table, name.toLowerCase(), address);
  }
  for (const addresses of table.values()) addresses.sort((a, b) => isIP(a) - isIP(b));
  return table;
}
