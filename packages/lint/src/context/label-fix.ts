/** The fix of a misspelt label in a NetworkPolicy: the key or the value that was probably meant in its place. */
import type { LabelSelector } from '@weir/kube';
import type { DraftFix } from '../lint-rule.ts';
import type { LintPolicy } from './lint-policy.ts';
import type { UnmatchedSelector } from './unmatched-selector.ts';

/** Undefined where nothing is near, or where the API writes selectors in another way. Connections change with it. */
export function labelFix({ object }: LintPolicy, field: string, { meant }: UnmatchedSelector): { readonly fix?: DraftFix } {
  if (meant === undefined || object.kind !== 'NetworkPolicy' || object.apiVersion !== 'networking.k8s.io/v1') return {};
  if (meant.what !== 'value') return {};
  const member = meant.label.space === 'pod' ? 'podSelector' : 'namespaceSelector';
  const selector = memberAt(object, field.endsWith(member) ? field : `${field}.${member}`);
  if (selector === undefined) return {};
  const path = valuePath(selector.value, meant.label.key, meant.wanted);
  if (path === undefined) return {};
  const description = `Write ${meant.label.key}=${meant.near}`;
  return { fix: { description, isSafe: false, changes: [{ kind: 'replace', field: `${selector.field}.${path}`, value: meant.near }] } };
}

/** Where the value stands in the selector. */
function valuePath({ matchLabels = {}, matchExpressions = [] }: LabelSelector, key: string, wanted: string): string | undefined {
  if (matchLabels[key] === wanted) return `matchLabels[${key}]`;
  for (const [i, { key: asked, values = [] }] of matchExpressions.entries()) {
    const at = asked === key ? values.indexOf(wanted) : -1;
    if (at >= 0) return `matchExpressions[${i}].values[${at}]`;
  }
  return undefined;
}

/** The selector at a field of the policy, which has been found to be valid. */
function memberAt(object: object, field: string): { readonly field: string; readonly value: LabelSelector } | undefined {
  let value: unknown = object;
  for (const [, index, name] of field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[index ?? name ?? ''];
  }
  return typeof value === 'object' && value !== null ? { field, value } : undefined;
}
