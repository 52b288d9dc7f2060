/**
 * What nodes may not do although they may write the object (`plugin/pkg/admission/noderestriction`): another node's
 * Node, labels by which pods are kept from nodes or drawn to them, taints, and tokens for no pod of theirs.
 */
import { deepEqual, type JsonObject, objectAt, stringMap, textAt } from '@weir/kube';
import { nodeNameOf } from '../authorization/node-user.ts';
import { forbidden } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';

const ownLabels = [
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
];
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** A Node on its way into the store; `old` is absent when it is made. */
export interface NodeWrite {
  readonly user: UserInfo;
  readonly object: Readonly<JsonObject>;
  readonly old?: Readonly<JsonObject> | undefined;
}

/** Throws 403 when a node writes a Node as it must not; everybody else's writes pass. */
export function assertOwnNode({ user, object, old }: NodeWrite): void {
  const node = nodeNameOf(user);
  if (node === undefined) return;
  const name = textAt(objectAt(object, 'metadata'), 'name');
  const refuse = (why: string): Error => forbidden({ group: '', plural: 'nodes', name }, why);
  if (name !== node) throw refuse(`node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`);
  const labels = changedLabels(object, old).filter((label) => !mayLabel(label));
  if (labels.length > 0) throw refuse(`is not allowed to modify labels: ${labels.join(', ')}`);
  const taints = (from: Readonly<JsonObject>): unknown => objectAt(from, 'spec')?.['taints'] ?? [];
  if (old !== undefined && !deepEqual(taints(object), taints(old))) {
    throw refuse(`node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
}

function changedLabels(object: Readonly<JsonObject>, old: Readonly<JsonObject> | undefined): readonly string[] {
  const next = stringMap(objectAt(object, 'metadata'), 'labels');
  const before = old === undefined ? {} : stringMap(objectAt(old, 'metadata'), 'labels');
  return [...new Set([...Object.keys(next), ...Object.keys(before)])].filter((label) => next[label] !== before[label]);
}

/** Labels of Kubernetes itself: only those that a kubelet sets. Others are free. */
function mayLabel(label: string): boolean {
  const domain = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  const isKubernetes = ['kubernetes.io', 'k8s.io'].some((each) => domain === each || domain.endsWith(`.${each}`));
  return !isKubernetes || ownLabels.includes(label) || ownDomains.some((each) => domain === each || domain.endsWith(`.${each}`));
}
