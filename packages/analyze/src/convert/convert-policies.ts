/**
 * Policies of one API in the words of another one, where these mean the same.
 *
 * Every policy goes through the model, so each API is read by its compiler and written by its writer, and neither knows
 * of the others. What a policy means can depend on the policies around it: the objects that are given count as all there
 * are.
 */
import {
  type CompiledObject,
  isOfKind,
  type PlacedPolicy,
  type PolicyCompiler,
  type PolicyWriter,
  policyCompilers,
  type ReferredObjects,
  writeCalicoPolicy,
  writeCiliumPolicy,
  writeClusterNetworkPolicy,
  writeNetworkPolicy,
} from '@weir/compile';
import { formatDiagnostic, type KubeObject } from '@weir/kube';
import {
  appliesToHosts,
  appliesToPods,
  defaultTierOrder,
  type HostEndpoint,
  networkPolicyOrder,
  type PolicyApi,
  selectorMatches,
} from '@weir/model';
import { defined } from '@weir/net';
import { type MaybePlacedObject, referredAmong } from '@weir/snapshot';

/** The APIs in whose words policies can be written. */
const writers: Readonly<Partial<Record<PolicyApi, PolicyWriter>>> = {
  NetworkPolicy: writeNetworkPolicy,
  ClusterNetworkPolicy: writeClusterNetworkPolicy,
  Calico: writeCalicoPolicy,
  Cilium: writeCiliumPolicy,
};

/** What became of one policy: objects, or the reasons why there are none that mean the same. */
export interface Conversion {
  /** For example `NetworkPolicy demo/web`. */
  readonly of: string;
  readonly objects: readonly KubeObject[];
  readonly reasons: readonly string[];
}

/** An object that was read. */
interface ReadObject extends CompiledObject {
  readonly object: KubeObject;
  readonly api: PolicyApi;
}

/** Converts the policies among the objects; other objects are only referred to. */
export function convertPolicies(given: readonly MaybePlacedObject[], to: PolicyApi): readonly Conversion[] {
  const referred = referredAmong(given.map(({ object }) => object));
  const read = given.flatMap(({ object, positionOf }): ReadObject[] => {
    const compiler = compilerOf(object);
    if (compiler === undefined) return [];
    return [{ object, api: compiler.api, ...compiler.compile(object, referred, { ...(positionOf && { positionOf }) }) }];
  });
  const all = read.flatMap(({ policies }) => policies);
  const hosts = read.flatMap((one) => one.hosts ?? []);
  const conversions = read.map((one): Conversion => ({ of: nameOf(one.object), ...convert(one, { to, all, referred, hosts }) }));
  return to === 'ClusterNetworkPolicy' ? allOrNone(read, conversions) : conversions;
}

interface Target {
  readonly to: PolicyApi;
  readonly all: readonly PlacedPolicy[];
  readonly referred: ReferredObjects;
  readonly hosts: readonly HostEndpoint[];
}

type Converted = Omit<Conversion, 'of'>;

function convert({ object, api, policies, diagnostics, ...said }: ReadObject, { to, all, referred, hosts }: Target): Converted {
  if (diagnostics.length > 0) return { objects: [], reasons: diagnostics.map(formatDiagnostic) };
  if (api === to) return { objects: [object], reasons: [] };
  if (said.hosts !== undefined || said.hostSettings !== undefined) {
    return { objects: [], reasons: [`it is about interfaces of nodes, which ${to} has no objects for`] };
  }
  const writer = defined(writers[to], `there are words of ${to}`);
  const written = policies.map((placed): Converted => {
    const order = to === 'NetworkPolicy' || to === 'Cilium' ? orderProblem(placed, all) : undefined;
    const result = writer(placed);
    const reasons = [order, blocksProblem(placed, api, to), hostsProblem(placed, to, hosts)].filter((reason) => reason !== undefined);
    reasons.push(...(result.kind === 'impossible' ? result.reasons : []));
    if (reasons.length > 0 || result.kind === 'impossible') return { objects: [], reasons };
    return { objects: result.objects, reasons: result.objects.flatMap((one) => refusalsOf(one, referred)) };
  });
  const reasons = written.flatMap((one) => one.reasons);
  return { objects: reasons.length > 0 ? [] : written.flatMap(({ objects }) => objects), reasons };
}

/** What the API itself would say against an object, such as a list that is too long. */
function refusalsOf(object: KubeObject, referred: ReferredObjects): string[] {
  return compilerOf(object)?.compile(object, referred).diagnostics.map(formatDiagnostic) ?? [];
}

function compilerOf(object: KubeObject): PolicyCompiler | undefined {
  return policyCompilers.find(({ policyKinds }) => policyKinds.some((kind) => isOfKind(object, kind)));
}

/** A policy of a namespace that stays would be judged before those that leave their tier for the one behind it. */
function allOrNone(read: readonly ReadObject[], conversions: readonly Conversion[]): readonly Conversion[] {
  const isOfNamespaces = (at: number): boolean => read[at]?.policies.some(({ tier }) => tier.order === defaultTierOrder) === true;
  const staying = conversions.find(({ reasons }, at) => reasons.length > 0 && isOfNamespaces(at));
  if (staying === undefined) return conversions;
  const reason = `${staying.of} cannot be converted, and would then be judged before what this one becomes`;
  return conversions.map((one, at) => (one.reasons.length > 0 || !isOfNamespaces(at) ? one : { ...one, objects: [], reasons: [reason] }));
}

/** Blocks of NetworkPolicies mean what the engine makes of them, which is the same as there where it reads the other API too. */
function blocksProblem({ policy }: PlacedPolicy, from: PolicyApi, to: PolicyApi): string | undefined {
  if (![from, to].includes('Cilium') || [from, to].includes('NetworkPolicy')) return undefined;
  const ends = [policy.ingress, policy.egress].flatMap((said) =>
    (said?.rules ?? []).flatMap(({ match }) => [match.source, match.destination]),
  );
  if (ends.every(({ nets, notNets }) => nets === undefined && notNets === undefined)) return undefined;
  return `blocks: those of ${to} mean ${to === 'Cilium' ? 'only what is' : 'not only what is'} outside of the cluster`;
}

/** What is about interfaces of nodes has no words elsewhere, and a policy for pods that selects them too would lose a part. */
function hostsProblem({ policy }: PlacedPolicy, to: PolicyApi, hosts: readonly HostEndpoint[]): string | undefined {
  if (!appliesToPods(policy)) return `it is about interfaces of nodes, which ${to} has no policies for`;
  if (appliesToHosts(policy, 'forward')) return `it is also about what goes through interfaces of nodes, which ${to} has no policies for`;
  const selected = appliesToHosts(policy, 'normal') ? hosts.find((host) => selectorMatches(policy.subject, host)) : undefined;
  return selected === undefined ? undefined : `it selects the host endpoint ${selected.name}, too, which policies of ${to} do not`;
}

/** Where all policies of a tier only allow, their order says nothing. */
function orderProblem({ tier, policy }: PlacedPolicy, all: readonly PlacedPolicy[]): string | undefined {
  if (policy.order === networkPolicyOrder) return undefined;
  const others = all.filter((other) => other.tier.name === tier.name && other.policy !== policy);
  const decisive = others.find(({ policy: other }) =>
    [other.ingress, other.egress].some((rules) => rules?.rules.some(({ action }) => action !== 'allow')),
  );
  if (decisive === undefined) return undefined;
  const { kind, name } = decisive.policy.ref;
  return `order: it is judged before or after ${kind} ${name}, which does not only allow, and every NetworkPolicy has order ${networkPolicyOrder}`;
}

function nameOf({ kind = '', metadata: { namespace, name = '' } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
