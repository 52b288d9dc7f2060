/**
 * Whether policies are in force, on which nodes and since when, from what agents publish.
 *
 * A policy is enforced where the pods are that it selects, so the nodes that have such pods decide.
 * What is not certain is never called in force: an agent that is silent may be right about its rules,
 * but nobody follows the cluster there.
 */
import { networkPolicyKind, type PolicyKind, policyKindName, writtenNameOf } from '@weir/compile';
import {
  compareResourceVersions,
  type KubeObject,
  type Namespace,
  type Node,
  type NodeReport,
  type Pod,
  type ReportedRefusal,
  type ReportedSelection,
  type ReportedUnknownFields,
} from '@weir/kube';
import { groupBy } from '@weir/net';
import { type AgentHearing, hearAgent } from './agent-hearing.ts';
import { PolicySubjects } from './policy-subjects.ts';

/** What a policy is on a node, or in all. */
export type EnforcementState = 'in force' | 'pending' | 'refused' | 'unknown';

/** One policy on one node. */
export interface PolicyOnNode {
  readonly node: string;
  readonly state: EnforcementState;
  /** Pods of the node that the policy selects, by the API server. */
  readonly pods: number;
  /** RFC 3339, by the node's clock: in force at least since then. */
  readonly since?: string;
  /** Why it is not in force. */
  readonly reason?: string;
  /** What is in force instead of a refused version: its last accepted one, or no traffic at all. */
  readonly inForce?: 'accepted' | 'closed' | 'nothing' | 'elsewhere';
  /** Fields of it that the agent does not know, and what they mean: they let nothing through. */
  readonly unknownFields?: string;
}

/** One policy. */
export interface PolicyStatus {
  readonly kind: string;
  /** Empty for a policy of the cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly generation?: number;
  /** The worst of the nodes that are ready: refused, unknown, pending, in force. */
  readonly state: EnforcementState;
  /** Since when it is in force on all nodes that have its pods. */
  readonly since?: string;
  readonly pods: number;
  /** Nodes that have its pods, and others where something is wrong; sorted by name. */
  readonly nodes: readonly PolicyOnNode[];
  /** How many nodes have none of its pods and an agent that is well. */
  readonly otherNodes: number;
  /** Nodes with its pods that are not ready, and do not count. */
  readonly notReady: readonly string[];
}

/** A policy of whatever API. */
export interface KindPolicy {
  readonly kind: PolicyKind;
  readonly object: KubeObject;
}

/** A cluster as read at one moment. */
export interface StatusView {
  readonly policies: readonly KindPolicy[];
  /** Pods of the policies' namespaces at least; all of them where there are policies of the cluster. */
  readonly pods: readonly Pod[];
  /** Those of the pods, where policies select by them. */
  readonly namespaces: readonly Namespace[];
  readonly nodes: readonly Node[];
  readonly agents: readonly AgentHearing[];
}

const networkPolicies = policyKindName(networkPolicyKind);

/** The status of each policy that is to be enforced, in the order of the policies. */
export function policyStatuses(view: StatusView): PolicyStatus[] {
  const nodes = readyNodes(view);
  const subjects = new PolicySubjects(view.pods, view.namespaces);
  return view.policies.flatMap((policy) => {
    const pods = subjects.of(policy);
    return pods === undefined ? [] : [statusOf(policy, pods, nodes)];
  });
}

/** A node whose agent can or cannot be believed. */
interface KnownNode {
  readonly name: string;
  readonly report: NodeReport | undefined;
  /** Why there is no report. */
  readonly silence: string;
  /** Whether an agent has ever said something; nodes that have none do not count unless they have pods. */
  readonly hasAgent: boolean;
}

interface ReadyNodes {
  readonly byName: ReadonlyMap<string, KnownNode>;
  /** Those that every policy has to look at. */
  readonly suspicious: readonly KnownNode[];
  /** How many have an agent, or had one. */
  readonly withAgent: number;
}

function readyNodes({ nodes, agents }: StatusView): ReadyNodes {
  const byNode = new Map(agents.map((hearing) => [hearing.lease.node, hearing]));
  const byName = new Map<string, KnownNode>();
  for (const node of nodes) {
    const name = node.metadata.name ?? '';
    if (!isReady(node)) continue;
    const hearing = byNode.get(name);
    const heard = hearing === undefined ? { silence: 'no agent has ever reported from this node' } : hearAgent(hearing);
    const report = 'report' in heard ? heard.report : undefined;
    byName.set(name, { name, report, silence: 'silence' in heard ? heard.silence : '', hasAgent: hearing !== undefined });
  }
  const known = [...byName.values()].filter(({ hasAgent }) => hasAgent);
  const suspicious = known.filter(({ report }) => report === undefined || report.state !== 'enforcing' || report.refused.total > 0);
  return { byName, suspicious, withAgent: known.length };
}

function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

function statusOf(policy: KindPolicy, selectedPods: readonly Pod[], nodes: ReadyNodes): PolicyStatus {
  const selected = groupBy(selectedPods, ({ spec }) => spec?.nodeName ?? '');
  const withPods = [...selected.keys()];
  const ready = withPods.flatMap((name) => nodes.byName.get(name) ?? []);
  const others = nodes.suspicious.filter(({ name }) => !selected.has(name));
  const rows = [...ready, ...others].map((node) => onNode(policy, node, selected.get(node.name) ?? []));
  const shown = rows.filter(({ pods, state }) => pods > 0 || state !== 'in force').sort((a, b) => (a.node < b.node ? -1 : 1));
  const { namespace = '', uid, generation } = policy.object.metadata;
  const state = selected.size === 0 && !hasBeenRead(policy, nodes) ? unread(shown) : worst(shown);
  const since = state === 'in force' ? latest(shown) : undefined;
  const shownWithAgent = shown.filter(({ node }) => nodes.byName.get(node)?.hasAgent === true);
  return {
    kind: policy.kind.kind,
    namespace,
    name: writtenNameOf(policy.kind, policy.object),
    ...(uid === undefined ? {} : { uid }),
    ...(generation === undefined ? {} : { generation }),
    state,
    ...(since === undefined ? {} : { since }),
    pods: [...selected.values()].reduce((sum, { length }) => sum + length, 0),
    nodes: shown,
    otherNodes: nodes.withAgent - shownWithAgent.length,
    notReady: withPods.filter((node) => !nodes.byName.has(node)).sort(),
  };
}

function onNode(policy: KindPolicy, node: KnownNode, pods: readonly Pod[]): PolicyOnNode {
  const { report } = node;
  const row = { node: node.name, pods: pods.length };
  if (report === undefined) return { ...row, state: 'unknown', reason: node.silence };
  const { uid, generation } = policy.object.metadata;
  const { selecting, refused, partlyKnown } = indexOf(report);
  const entry = selecting.get(uid);
  if (!isCovered(policy, report) && (entry === undefined || entry.generation === 0 || entry.generation !== generation)) {
    if (pods.length === 0 && report.state === 'enforcing') return { ...row, state: 'in force' };
    return { ...row, state: 'pending', reason: report.problem ?? 'its agent has not yet said that it is in the kernel' };
  }
  const refusal = refused.get(uid);
  if (refusal !== undefined) return { ...row, state: 'refused', reason: refusal.reason, inForce: refusal.inForce };
  if (report.refused.total > report.refused.items.length) {
    return { ...row, state: 'unknown', reason: `its agent refuses ${report.refused.total} policies and does not list them all` };
  }
  const unknownFields = partlyKnown.get(uid)?.reason;
  return { ...row, ...podsOnNode(report, entry, pods), ...(unknownFields === undefined ? {} : { unknownFields }) };
}

function podsOnNode(
  { quarantined, selecting }: NodeReport,
  entry: ReportedSelection | undefined,
  pods: readonly Pod[],
): Pick<PolicyOnNode, 'state' | 'reason' | 'since'> {
  const closed = quarantined.items.find(({ uid }) => pods.some(({ metadata }) => metadata.uid === uid));
  if (closed !== undefined) {
    const { namespace, name, reason } = closed;
    return { state: 'refused', reason: `pod ${namespace}/${name} is closed, or keeps its rules of before: ${reason}` };
  }
  if (quarantined.total > quarantined.items.length) {
    return { state: 'unknown', reason: `the rules of ${quarantined.total} pods cannot be enforced, and its agent does not list them all` };
  }
  const isListed = entry !== undefined || selecting.total === selecting.items.length;
  const enforced = entry?.pods ?? 0;
  if (isListed && enforced < pods.length) return { state: 'pending', reason: `${enforced} of ${pods.length} pods have it` };
  return { state: 'in force', ...(entry === undefined ? {} : { since: entry.since }) };
}

/** The lists of a report by the uid of the policy. */
interface ReportIndex {
  readonly selecting: ReadonlyMap<string | undefined, ReportedSelection>;
  readonly refused: ReadonlyMap<string | undefined, ReportedRefusal>;
  readonly partlyKnown: ReadonlyMap<string | undefined, ReportedUnknownFields>;
}

/** A reader that waits asks the same reports again and again. */
const indexes = new WeakMap<NodeReport, ReportIndex>();

function indexOf(report: NodeReport): ReportIndex {
  let index = indexes.get(report);
  if (index === undefined) {
    const selecting = new Map(report.selecting.items.map((item) => [item.uid, item]));
    const refused = new Map(report.refused.items.map((item) => [item.uid, item]));
    const partlyKnown = new Map((report.partlyKnown?.items ?? []).map((item) => [item.uid, item]));
    indexes.set(report, (index = { selecting, refused, partlyKnown }));
  }
  return index;
}

/** Whether the agent has read the policy in this version, or a later one. */
function isCovered({ kind, object: { metadata } }: KindPolicy, { policyVersion, versions }: NodeReport): boolean {
  const name = policyKindName(kind);
  const known = versions?.[name] ?? (name === networkPolicies ? policyVersion : undefined);
  const order = compareResourceVersions(known, metadata.resourceVersion);
  return order !== undefined && order >= 0;
}

/** A policy that selects nobody is judged by whoever has read it first. */
function hasBeenRead(policy: KindPolicy, { byName }: ReadyNodes): boolean {
  for (const { report } of byName.values()) if (report !== undefined && isCovered(policy, report)) return true;
  return false;
}

function unread(rows: readonly PolicyOnNode[]): EnforcementState {
  const state = worst(rows);
  return state === 'in force' ? 'pending' : state;
}

const severity: readonly EnforcementState[] = ['in force', 'pending', 'unknown', 'refused'];

function worst(rows: readonly PolicyOnNode[]): EnforcementState {
  return severity[Math.max(0, ...rows.map(({ state }) => severity.indexOf(state)))] ?? 'unknown';
}

function latest(rows: readonly PolicyOnNode[]): string | undefined {
  return rows.flatMap(({ since }) => since ?? []).reduce<string | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
}
