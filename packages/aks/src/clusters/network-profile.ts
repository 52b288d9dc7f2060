/**
 * The network of a managed cluster: which plugin gives addresses, which engine enforces policies. What a request
 * leaves out is filled here as AKS fills it (reference §3.5, §3.9).
 */
import { type JsonObject, objectAt, stringsAt, textAt } from '@weir/kube';
import { isSince } from '../arm/api-version.ts';
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

/** The api-version that first takes `none` as a policy; earlier ones leave it out of answers, too. */
export const noneSince = '2023-09-02-preview';
/** The Kubernetes version from which clusters have an overlay when they ask for nothing. */
const overlayByDefaultFrom = 30;

const podCidrDefault = '10.244.0.0/16';

/** The profile that a request asks for, complete. */
export function readNetworkProfile(properties: JsonObject, context: ProfileContext): NetworkProfile {
  const asked = objectAt(properties, 'networkProfile') ?? {};
  const { current } = context;
  const text = (field: string, otherwise: string): string => nonEmpty(textAt(asked, field)) ?? otherwise;
  const plugin = pluginOf(asked, context);
  const mode = modeOf(asked, context, plugin);
  const networkDataplane = text('networkDataplane', current?.networkDataplane ?? 'azure').toLowerCase();
  const serviceCidr = text('serviceCidr', current?.serviceCidr ?? '10.0.0.0/16');
  const podCidr = nonEmpty(textAt(asked, 'podCidr')) ?? current?.podCidr ?? (needsPodCidr(plugin, mode) ? podCidrDefault : undefined);
  return {
    networkPlugin: plugin,
    ...(mode === undefined ? {} : { networkPluginMode: mode }),
    networkPolicy: policyOf(asked, networkDataplane, current),
    networkDataplane,
    loadBalancerSku: text('loadBalancerSku', current?.loadBalancerSku ?? 'standard').toLowerCase(),
    outboundType: text('outboundType', current?.outboundType ?? 'loadBalancer'),
    ...(podCidr === undefined ? {} : { podCidr, podCidrs: listOf(asked, 'podCidrs') ?? [podCidr] }),
    serviceCidr,
    serviceCidrs: listOf(asked, 'serviceCidrs') ?? current?.serviceCidrs ?? [serviceCidr],
    dnsServiceIP: text('dnsServiceIP', current?.dnsServiceIP ?? '10.0.0.10'),
    ipFamilies: listOf(asked, 'ipFamilies') ?? current?.ipFamilies ?? ['IPv4'],
  };
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
