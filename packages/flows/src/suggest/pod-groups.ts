/**
 * Pods as policies can mean them: all of one workload, selected by labels that its next pods will have too.
 *
 * Labels of single pods and revisions are left out. What labels cannot tell apart is one group; the words for a group
 * match its pods, and no other pod of its namespace that is known.
 */
import { byTelling, isLastingLabel } from '@weir/connectivity';
import type { LabelSelector, LabelSelectorRequirement } from '@weir/kube';
import { type Endpoint, podName } from '@weir/model';
import { addToGroup } from '@weir/net';
import { type Snapshot, workloadKey } from '@weir/snapshot';

/** Pods that one policy is about. */
export interface PodGroup {
  readonly namespace: string;
  /** For people and for the policy's name: that of the workload, or what its labels say. */
  readonly name: string;
  readonly selector: LabelSelector;
  readonly pods: readonly Endpoint[];
  /** Names of the workloads, where labels do not tell several apart. */
  readonly workloads: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

interface Draft {
  readonly name: string;
  readonly pods: readonly Endpoint[];
  readonly workloads: readonly string[];
  /** The lasting labels that all of the pods have. */
  readonly shared: Labels;
}

/** The groups of all pods of a snapshot, by namespace and name. */
export function podGroups({ endpoints, workloads }: Pick<Snapshot, 'endpoints' | 'workloads'>): readonly PodGroup[] {
  const namespaces = new Map<string, Map<string, Endpoint[]>>();
  for (const [key, endpoint] of [...endpoints].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const workload = workloads.get(key);
    const of = workload === undefined ? labelText(lastingLabels(endpoint)) : workloadKey(workload);
    const groups = namespaces.get(endpoint.namespace) ?? new Map<string, Endpoint[]>();
    namespaces.set(endpoint.namespace, groups);
    addToGroup(groups, of, endpoint);
  }
  return [...namespaces].flatMap(([namespace, groups]) => {
    const drafts = [...groups.values()].map((pods): Draft => {
      const [first] = pods;
      const shared = sharedLabels(pods);
      const name = (first && workloads.get(podName(first))?.name) ?? nameByLabels(shared, first?.name ?? '');
      return { name, pods, workloads: [name], shared };
    });
    return nameApart(inWords(namespace, drafts));
  });
}

/** Drafts with their selectors; those that labels do not tell apart become one. */
function inWords(namespace: string, given: readonly Draft[]): PodGroup[] {
  const drafts = tellableApart(given);
  return drafts.map(({ shared, ...draft }) => ({ ...draft, namespace, selector: selectorOf({ ...draft, shared }, drafts) }));
}

/** Joins those of which words for one would match pods of another. */
function tellableApart(given: readonly Draft[]): readonly Draft[] {
  let drafts = given;
  for (let at = 0; at < drafts.length; ) {
    const draft = drafts[at];
    const other = draft && drafts.find((one) => one !== draft && !isTellable(draft, one.pods));
    if (draft === undefined || other === undefined) {
      at++;
      continue;
    }
    const pods = [...draft.pods, ...other.pods];
    const workloads = [...new Set([...draft.workloads, ...other.workloads])].sort();
    const joined = { name: [draft.name, other.name].sort()[0] ?? '', pods, workloads, shared: sharedLabels(pods) };
    drafts = [...drafts.filter((one) => one !== draft && one !== other), joined];
    // What the joined one has in common is less: words for it may match pods that those for either did not.
    at = 0;
  }
  return drafts;
}

/** Whether words about lasting labels can match all of the pods and none of the others. */
function isTellable({ pods, shared }: Draft, others: readonly Endpoint[]): boolean {
  return others.every((other) => !hasLabels(other, shared) || exclusionOf(pods, lastingLabels(other)) !== undefined);
}

function hasLabels({ labels }: Endpoint, wanted: Labels): boolean {
  for (const key in wanted) if (labels.pod[key] !== wanted[key]) return false;
  return true;
}

function selectorOf({ pods, shared }: Draft, drafts: readonly Draft[]): LabelSelector {
  const others = drafts.filter((one) => one.pods !== pods).flatMap((one) => one.pods);
  const keys = Object.keys(shared).sort(byTelling);
  const matches = (chosen: readonly string[], { labels }: Endpoint): boolean => chosen.every((key) => labels.pod[key] === shared[key]);
  const chosen: string[] = [];
  let left = others;
  for (const key of keys) {
    if (chosen.length > 0 && left.length === 0) break;
    const still = left.filter((other) => matches([...chosen, key], other));
    if (chosen.length > 0 && still.length === left.length) continue;
    chosen.push(key);
    left = still;
  }
  // A label that was of use before a better one came.
  for (const key of chosen.toReversed()) {
    const without = chosen.filter((one) => one !== key);
    if (without.length > 0 && others.filter((other) => matches(without, other)).length === left.length)
      chosen.splice(chosen.indexOf(key), 1);
  }
  const expressions = exclusions(pods, left);
  return {
    ...(chosen.length === 0 ? {} : { matchLabels: Object.fromEntries(chosen.map((key) => [key, shared[key] ?? ''])) }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

/** What must not be so, for pods that have all of the labels and more. */
function exclusions(pods: readonly Endpoint[], others: readonly Endpoint[]): readonly LabelSelectorRequirement[] {
  const values = new Map<string, Set<string> | 'any'>();
  for (const other of others) {
    const found = exclusionOf(pods, lastingLabels(other));
    if (found === undefined) continue;
    const [key, value] = found;
    const known = values.get(key);
    if (value === undefined) values.set(key, 'any');
    else if (known !== 'any') values.set(key, new Set([...(known ?? []), value]));
  }
  return [...values]
    .sort(([a], [b]) => byTelling(a, b))
    .map(([key, of]) => (of === 'any' ? { key, operator: 'DoesNotExist' } : { key, operator: 'NotIn', values: [...of].sort() }));
}

/** A label that pods with these have and ours have not: its key, and its value where ours have the key. */
function exclusionOf(pods: readonly Endpoint[], others: Labels): readonly [string, string | undefined] | undefined {
  for (const key of Object.keys(others).sort(byTelling)) {
    if (pods.every(({ labels }) => labels.pod[key] === undefined)) return [key, undefined];
    if (pods.every(({ labels }) => labels.pod[key] !== others[key])) return [key, others[key]];
  }
  return undefined;
}

function sharedLabels([first, ...others]: readonly Endpoint[]): Labels {
  if (first === undefined) return {};
  return Object.fromEntries(
    Object.entries(lastingLabels(first)).filter(([key, value]) => others.every(({ labels }) => labels.pod[key] === value)),
  );
}

function lastingLabels({ labels }: Endpoint): Labels {
  return Object.fromEntries(Object.entries(labels.pod).filter(([key]) => isLastingLabel(key)));
}

function labelText(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nameByLabels(labels: Labels, pod: string): string {
  const [best] = Object.keys(labels).sort(byTelling);
  const value = best === undefined ? '' : (labels[best] ?? '');
  return value === '' ? pod : value;
}

/** Two groups of one name get numbers, so that their policies are two. */
function nameApart(groups: readonly PodGroup[]): PodGroup[] {
  const used = new Map<string, number>();
  return groups.map((group) => {
    const name = policyName(group.name);
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return { ...group, name: count === 1 ? name : `${name}-${count}` };
  });
}

/** A name that objects can have. */
function policyName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name === '' ? 'pods' : name.slice(0, 200);
}
