/** Kinds of policy APIs: their names, and which kind an object is of. */
import type { KubeObject } from '@weir/kube';
import type { PolicyKind } from './policy-api.ts';

/** The name of a kind, unlike that of any other: `plural.group`, or the plural alone in the core group. */
export function policyKindName({ plural, group }: Pick<PolicyKind, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Whether the object is of the kind, stored or as people write it, in a version that can be read. */
export function isOfKind({ apiVersion = '', kind }: KubeObject, wanted: PolicyKind): boolean {
  if (kind !== wanted.kind) return false;
  const forms = wanted.writtenAs === undefined ? [wanted] : [wanted, wanted.writtenAs];
  return forms.some(({ group, versions }) => versions.some((version) => apiVersion === (group === '' ? version : `${group}/${version}`)));
}

/** What people call an object of the kind. */
export function writtenNameOf({ writtenAs }: PolicyKind, object: KubeObject): string {
  return writtenAs === undefined ? (object.metadata.name ?? '') : writtenAs.nameOf(object);
}
