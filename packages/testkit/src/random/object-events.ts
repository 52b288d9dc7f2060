/** The watch events that lead from one state of a cluster to another. */
import { isOfKind, policyCompilers, policyKindName } from '@weir/compile';
import type { KubeObject, Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';
import type { World } from '../oracle/world.ts';

/** Whatever follows a cluster's objects; deleting names an object as watches do. */
export interface ObjectSink {
  upsertPod(pod: Pod): void;
  deletePod(namespace: string, name: string): void;
  upsertNamespace(namespace: Namespace): void;
  deleteNamespace(name: string): void;
  upsertNetworkPolicy(policy: NetworkPolicy): void;
  deleteNetworkPolicy(namespace: string, name: string): void;
  upsertPolicyObject(kind: string, object: KubeObject): void;
  deletePolicyObject(kind: string, namespace: string | undefined, name: string): void;
  upsertNode(node: Node): void;
  deleteNode(name: string): void;
}

/** One event, ready to be given to a sink. */
export type ObjectEvent = (sink: ObjectSink) => void;

/**
 * The events from one state to another, in the order that one API server would send them: what
 * goes, then what comes. Objects are the same when namespace and name are, and unchanged when they
 * are one value.
 */
export function eventsBetween(from: World, to: World): ObjectEvent[] {
  const pods = compare(from.pods, to.pods);
  const policies = compare(from.networkPolicies, to.networkPolicies);
  const objects = compare(from.policyObjects ?? [], to.policyObjects ?? []);
  const namespaces = compare(from.namespaces, to.namespaces);
  const nodes = compare(from.nodes ?? [], to.nodes ?? []);
  return [
    ...pods.gone.map(
      ({ metadata: { namespace = '', name = '' } }) =>
        (sink: ObjectSink) =>
          sink.deletePod(namespace, name),
    ),
    ...policies.gone.map(
      ({ metadata: { namespace = '', name = '' } }) =>
        (sink: ObjectSink) =>
          sink.deleteNetworkPolicy(namespace, name),
    ),
    ...objects.gone.map((object) => (sink: ObjectSink) => {
      sink.deletePolicyObject(kindOf(object), object.metadata.namespace, object.metadata.name ?? '');
    }),
    ...namespaces.gone.map(
      ({ metadata: { name = '' } }) =>
        (sink: ObjectSink) =>
          sink.deleteNamespace(name),
    ),
    ...nodes.gone.map(
      ({ metadata: { name = '' } }) =>
        (sink: ObjectSink) =>
          sink.deleteNode(name),
    ),
    ...nodes.come.map((node) => (sink: ObjectSink) => sink.upsertNode(node)),
    ...namespaces.come.map((namespace) => (sink: ObjectSink) => sink.upsertNamespace(namespace)),
    ...pods.come.map((pod) => (sink: ObjectSink) => sink.upsertPod(pod)),
    ...policies.come.map((policy) => (sink: ObjectSink) => sink.upsertNetworkPolicy(policy)),
    ...objects.come.map((object) => (sink: ObjectSink) => sink.upsertPolicyObject(kindOf(object), object)),
  ];
}

function compare<T extends KubeObject>(from: readonly T[], to: readonly T[]): { gone: T[]; come: T[] } {
  const before = new Set(from);
  const names = new Set(to.map(nameOf));
  return { gone: from.filter((object) => !names.has(nameOf(object))), come: to.filter((object) => !before.has(object)) };
}

/** The name that an engine has for the kind of an object of a policy API. */
function kindOf(object: KubeObject): string {
  const kind = policyCompilers.flatMap(({ policyKinds }) => policyKinds).find((each) => isOfKind(object, each));
  if (kind === undefined) throw new Error(`${object.kind ?? ''} is of no policy API`);
  return policyKindName(kind);
}

function nameOf({ kind = '', metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
