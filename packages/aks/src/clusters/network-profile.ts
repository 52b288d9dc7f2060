/**
 * The network of a managed cluster: which plugin gives addresses, which engine enforces policies. What a request
 * leaves out is filled here as AKS fills it (reference §3.5, §3.9).
 */
import { type JsonObject, objectAt, stringsAt, textAt } from '@weir/kube';
import { type FirstVersions, isSince } from '../arm/api-version.ts';
import { parseVersion } from './kubernetes-versions.ts';

/** Values as the service writes them; a request may hold any text. */
export interface NetworkProfile {
  readonly networkPlugin: string;
  readonly networkPluginMode?: string;
  readonly networkPolicy: string;
  readonly networkDataplane: string;
  readonly loadBalancerSku: string;
  readonly outboundType: string;
  readonly podCidr?: string;
  readonly podCidrs?: readonly string[];
  readonly serviceCidr: string;
  readonly serviceCidrs: readonly string[];
  readonly dnsServiceIP: string;
  readonly ipFamilies: readonly string[];
}

/** What else decides about a profile. */
interface ProfileContext {
  readonly kubernetesVersion: string;
  readonly apiVersion: string;
  /** The cluster's profile before this request; undefined for a new cluster. */
  readonly current?: NetworkProfile;
}

/** The api-versions that first take `none` as a policy; earlier ones leave it out of answers, too. */
export const noneSince: FirstVersions = { preview: '2023-09-02', stable: '2024-05-01' };
/** The Kubernetes version from which clusters have an overlay when they ask for nothing. */
const overlayByDefaultFrom = 30;

/** Blocks of AKS, IPv4 first; the second one is for clusters with both families. */
const podCidrDefaults = ['10.244.0.0/16', 'fd12:3456:789a::/64'] as const;
const serviceCidrDefaults = ['10.0.0.0/16', 'fd12:3456:789a:1::/108'] as const;

/** The profile that a request asks for, complete. */
export function readNetworkProfile(properties: JsonObject, context: ProfileContext): NetworkProfile {
  const asked = objectAt(properties, 'networkProfile') ?? {};
  const { current } = context;
  const text = (field: string, otherwise: string): string => nonEmpty(textAt(asked, field)) ?? otherwise;
  const plugin = pluginOf(asked, context);
  const mode = modeOf(asked, context, plugin);
  const networkDataplane = text('networkDataplane', current?.networkDataplane ?? 'azure').toLowerCase();
  const ipFamilies = listOf(asked, 'ipFamilies') ?? current?.ipFamilies ?? ['IPv4'];
  const blocks = { asked, current, isDual: ipFamilies.length > 1 };
  const podCidrs = readBlocks('podCidr', needsPodCidr(plugin, mode) ? podCidrDefaults : [], blocks);
  const serviceCidrs = readBlocks('serviceCidr', serviceCidrDefaults, blocks);
  return {
    networkPlugin: plugin,
    ...(mode === undefined ? {} : { networkPluginMode: mode }),
    networkPolicy: policyOf(asked, networkDataplane, current),
    networkDataplane,
    loadBalancerSku: text('loadBalancerSku', current?.loadBalancerSku ?? 'standard').toLowerCase(),
    outboundType: text('outboundType', current?.outboundType ?? 'loadBalancer'),
    ...(podCidrs[0] === undefined ? {} : { podCidr: podCidrs[0], podCidrs }),
    serviceCidr: serviceCidrs[0] ?? '',
    serviceCidrs,
    dnsServiceIP: text('dnsServiceIP', current?.dnsServiceIP ?? '10.0.0.10'),
    ipFamilies,
  };
}

interface AskedBlocks {
  readonly asked: JsonObject;
  readonly current: NetworkProfile | undefined;
  readonly isDual: boolean;
}

/**
 * Blocks of a kind, that of IPv4 first. There is a field for one and a field for all: a client that changes what it has
 * read changes one of them and sends the other back.
 */
function readBlocks(
  kind: 'podCidr' | 'serviceCidr',
  defaults: readonly string[],
  { asked, current, isDual }: AskedBlocks,
): readonly string[] {
  const one = nonEmpty(textAt(asked, kind));
  const all = listOf(asked, `${kind}s`);
  const changed = one === current?.[kind] ? undefined : one;
  const first = changed ?? all?.[0] ?? one ?? current?.[kind] ?? defaults[0];
  if (first === undefined) return [];
  const others = (all ?? current?.[`${kind}s`] ?? []).slice(1);
  return [first, ...(others.length === 0 && isDual ? defaults.slice(1) : others)];
}

/** Whether pods, services and nodes have addresses of both families. */
export function isDualStack({ ipFamilies }: NetworkProfile): boolean {
  return ipFamilies.length > 1;
}

/** The profile as an answer of one api-version shows it. */
export function describeNetworkProfile(profile: NetworkProfile, apiVersion: string): object {
  if (profile.networkPolicy !== 'none' || isSince(apiVersion, noneSince)) return profile;
  const { networkPolicy: _, ...shown } = profile;
  return shown;
}

function pluginOf(asked: JsonObject, { kubernetesVersion, current }: ProfileContext): string {
  const given = nonEmpty(textAt(asked, 'networkPlugin'))?.toLowerCase();
  if (given !== undefined) return given;
  return current?.networkPlugin ?? (isOverlayByDefault(kubernetesVersion) ? 'azure' : 'kubenet');
}

/** An explicit plugin without a mode is a node subnet; a plugin that was left out is an overlay since Kubernetes 1.30. */
function modeOf(asked: JsonObject, { kubernetesVersion, current }: ProfileContext, plugin: string): string | undefined {
  const given = nonEmpty(textAt(asked, 'networkPluginMode'))?.toLowerCase();
  if (given !== undefined) return given;
  if (current !== undefined) return current.networkPluginMode;
  const isUnasked = nonEmpty(textAt(asked, 'networkPlugin')) === undefined;
  return isUnasked && plugin === 'azure' && isOverlayByDefault(kubernetesVersion) ? 'overlay' : undefined;
}

/**
 * A policy that is left out, or empty, stays what it is: only `none` takes an engine away. The data plane cilium brings
 * the engine of its name, also when an older client sends back the policy that it has read.
 */
function policyOf(asked: JsonObject, dataplane: string, current: NetworkProfile | undefined): string {
  const given = nonEmpty(textAt(asked, 'networkPolicy'));
  const isEntering = current !== undefined && dataplane === 'cilium' && current.networkDataplane !== 'cilium';
  if (isEntering && (given === undefined || given === current.networkPolicy)) return 'cilium';
  return given ?? current?.networkPolicy ?? (dataplane === 'cilium' ? 'cilium' : 'none');
}

function needsPodCidr(plugin: string, mode: string | undefined): boolean {
  return plugin === 'kubenet' || mode === 'overlay';
}

function isOverlayByDefault(kubernetesVersion: string): boolean {
  return (parseVersion(kubernetesVersion)?.minor ?? overlayByDefaultFrom) >= overlayByDefaultFrom;
}

function listOf(asked: JsonObject, field: string): readonly string[] | undefined {
  const list = stringsAt(asked, field);
  return list.length === 0 ? undefined : list;
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
