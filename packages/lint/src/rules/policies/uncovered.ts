/** Pods and namespaces that no policy protects, and policies that nobody can tell the namespace of. */
import { type Endpoint, podName } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import type { LintObject } from '../../context/lint-object.ts';
import type { LintRule } from '../../lint-rule.ts';

/** Namespaces of Kubernetes itself, which few people write policies for. */
const ofKubernetes: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** The rule about namespaces. */
export const namespaceWithoutPolicy: LintRule = {
  id: 'namespace-without-policy',
  title: 'a namespace with pods, of which no policy selects any',
  severity: 'info',
  *check(context) {
    for (const [namespace, { pods, open }] of unprotected(context)) {
      if (open.length < pods.length) continue;
      const about = context.namespaces.get(namespace)?.of ?? objectOf(context, open[0]);
      if (about === undefined) continue;
      yield {
        about,
        message: `no policy selects a pod of namespace ${namespace}: ${countText(pods.length)} can be reached by everybody`,
        action: 'begin with a policy that denies all ingress of the namespace, and allow what is needed',
      };
    }
  },
};

/** The rule about pods. */
export const unprotectedPod: LintRule = {
  id: 'unprotected-pod',
  title: 'a pod that no policy selects, beside others that are protected',
  severity: 'info',
  *check(context) {
    for (const { pods, open } of unprotected(context).values()) {
      if (open.length === pods.length) continue;
      for (const [about, of] of byObject(context, open)) {
        yield {
          about,
          message: `no policy selects ${of.map(podName).slice(0, 3).join(', ')}${of.length > 3 ? ` and ${of.length - 3} more` : ''}: everybody can reach ${of.length === 1 ? 'it' : 'them'}`,
          action: 'add a policy for it, or one that denies all ingress of the namespace',
        };
      }
    }
  },
};

/** The rule about names without namespaces. */
export const noNamespace: LintRule = {
  id: 'no-namespace',
  title: 'a policy without a namespace, among objects that have one',
  severity: 'info',
  *check({ policies, objects }) {
    if (!objects.some(({ object }) => object.metadata.namespace !== undefined)) return;
    for (const of of policies) {
      if (!of.kind.namespaced || of.object.metadata.namespace !== undefined || of.positionOf === undefined) continue;
      yield {
        about: of,
        message: 'it names no namespace: it goes wherever kubectl is pointed at, and counts as in default here',
        action: 'add metadata.namespace',
      };
    }
  },
};

/** By namespace, all pods and those that no policy isolates; empty where there is no policy at all. */
function unprotected(
  context: LintContext,
): ReadonlyMap<string, { readonly pods: readonly Endpoint[]; readonly open: readonly Endpoint[] }> {
  return context.once('unprotected pods', () => {
    const found = new Map<string, { pods: Endpoint[]; open: Endpoint[] }>();
    if (context.policies.length === 0) return found;
    const { world } = context.snapshot;
    for (const endpoint of context.pods.all) {
      if (ofKubernetes.has(endpoint.namespace)) continue;
      const of = found.get(endpoint.namespace) ?? { pods: [], open: [] };
      found.set(endpoint.namespace, of);
      of.pods.push(endpoint);
      const isIsolated = world
        .selecting(endpoint)
        .some(({ policies }) => policies.some(({ ingress, egress }) => ingress !== undefined || egress !== undefined));
      if (!isIsolated) of.open.push(endpoint);
    }
    return found;
  });
}

/** The pods by the objects that they are, or that make them. */
function byObject(context: LintContext, pods: readonly Endpoint[]): ReadonlyMap<LintObject, readonly Endpoint[]> {
  const found = new Map<LintObject, Endpoint[]>();
  for (const pod of pods) {
    const of = objectOf(context, pod);
    if (of !== undefined) addToGroup(found, of, pod);
  }
  return found;
}

function objectOf(context: LintContext, pod: Endpoint | undefined): LintObject | undefined {
  if (pod === undefined) return undefined;
  const byName = context.once('objects by name', () => new Map(context.objects.map((of) => [of.name, of])));
  const workload = context.snapshot.workloads.get(podName(pod));
  const ofWorkload = workload === undefined ? undefined : byName.get(`${workload.kind} ${workload.namespace}/${workload.name}`);
  return ofWorkload ?? byName.get(`Pod ${podName(pod)}`);
}

function countText(count: number): string {
  return count === 1 ? 'its pod' : `its ${count} pods`;
}
