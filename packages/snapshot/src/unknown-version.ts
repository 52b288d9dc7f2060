/** Objects that are called like policies and are of an API, or a version of one, that nobody here knows: they must not be passed over. */
import { isOfKind, type PolicyKind, policyCompilers } from '@weir/compile';
import type { Diagnostic } from '@weir/kube';
import type { MaybePlacedObject } from './readable-objects.ts';

/**
 * What is said of such an object; undefined for all others. Those of a cluster are of APIs that it serves, and are not
 * looked at: `NetworkPolicy` is a word of many APIs.
 */
export function unknownVersion({ object, positionOf }: MaybePlacedObject): Diagnostic | undefined {
  const { apiVersion = '', kind = '', metadata } = object;
  if (positionOf === undefined) return undefined;
  const called = policyKinds().filter((one) => one.kind === kind);
  if (called.length === 0 || called.some((one) => isOfKind(object, one))) return undefined;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const meant = called.find((one) => groupsOf(one).includes(group)) ?? (isOfKubernetes(group) ? called[0] : undefined);
  const place = {
    object: `${kind} ${(meant ?? called[0])?.namespaced === true ? `${metadata.namespace ?? 'default'}/` : ''}${metadata.name ?? ''}`,
    field: 'apiVersion',
    position: positionOf('apiVersion'),
  };
  if (meant === undefined) {
    const message = `policies of ${apiVersion} are not known here: it is left out`;
    return { code: 'unread-policy', severity: 'warning', message, action: 'judge it with the engine that it is made for', ...place };
  }
  return {
    code: apiVersion.startsWith('extensions/') ? 'given-up-version' : 'unknown-version',
    severity: 'error',
    message: `there is no ${kind} of ${apiVersion}: nobody enforces it, and it is left out`,
    action: `write apiVersion: ${writtenVersion(meant)}`,
    ...place,
  };
}

/** The kinds that hold policies. */
function policyKinds(): readonly PolicyKind[] {
  return policyCompilers.flatMap((compiler) => compiler.policyKinds.filter(({ holds }) => holds === undefined));
}

function groupsOf({ group, writtenAs }: PolicyKind): readonly string[] {
  return writtenAs === undefined ? [group] : [group, writtenAs.group];
}

/** The groups of Kubernetes itself: others have kinds of these names, too. */
function isOfKubernetes(group: string): boolean {
  return !group.includes('.') || group === 'networking.k8s.io';
}

function writtenVersion(kind: PolicyKind): string {
  const { group, versions } = kind.writtenAs ?? kind;
  return `${group}/${versions[0] ?? ''}`;
}
