/** The watch events that lead from one state of a cluster to another. */
import { isOfKind, policyCompilers, policyKindName } from '@weir/compile';
import type { KubeObject, Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';
import type { AddressGroupName, GroupMember } from '@weir/model';
import { defined, parseAddress } from '@weir/net';
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
  upsertServiceAccount(account: KubeObject): void;
  deleteServiceAccount(namespace: string, name: string): void;
  upsertAddressGroup(name: AddressGroupName, members: readonly GroupMember[]): void;
  deleteAddressGroup(name: AddressGroupName): void;
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
    ...accountEvents(from, to),
    ...nameEvents(from.resolved ?? {}, to.resolved ?? {}),
  ];
}

function accountEvents(from: World, to: World): ObjectEvent[] {
  const accounts = compare(from.serviceAccounts ?? [], to.serviceAccounts ?? []);
  return [
    ...accounts.gone.map(
      ({ metadata: { namespace = '', name = '' } }) =>
        (sink: ObjectSink) =>
          sink.deleteServiceAccount(namespace, name),
    ),
    ...accounts.come.map((account) => (sink: ObjectSink) => sink.upsertServiceAccount(account)),
  ];
}

function nameEvents(from: NonNullable<World['resolved']>, to: NonNullable<World['resolved']>): ObjectEvent[] {
  const members = (texts: readonly string[]): GroupMember[] =>
    texts.map((text) => ({ address: defined(parseAddress(text), `${text} is an address`) }));
  return [
    ...Object.keys(from).flatMap((name): ObjectEvent[] => (name in to ? [] : [(sink) => sink.deleteAddressGroup(`domain/${name}`)])),
    ...Object.entries(to).map(
      ([name, texts]): ObjectEvent =>
        (sink) =>
          sink.upsertAddressGroup(`domain/${name}`, members(texts)),
    ),
  ];
}

function compare<T extends KubeObject>(from: readonly T[], to: readonly T[]): { gone: T[]; come: T[] } {
  const before = new Set(from);
  const names = new Set(to.map(nameOf));
  return { gone: from.filter((object) => !names.has(nameOf(object))), come: to.filter((object) => !before.has(object)) };
}

/** The name that an engine has for the kind of an object of a policy API. */
function kindOf(object: KubeObject): string {
  const kinds = policyCompilers.flatMap(({ policyKinds, referredKinds }) => [...policyKinds, ...referredKinds]);
  const kind = kinds.find((each) => isOfKind(object, each));
  if (kind === undefined) throw new Error(`${object.kind ?? ''} is of no policy API`);
  return policyKindName(kind);
}

function nameOf({ kind = '', metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
