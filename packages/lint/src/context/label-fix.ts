/**
 * The fix of a misspelt label: the value that was probably meant in its place, in the words of each policy API.
 *
 * A label is looked for in everything below the field of the finding; where it is not there exactly once there is no fix.
 */
import type { DraftFix, FieldChange } from '../lint-rule.ts';
import { valueAt } from './field-value.ts';
import type { LintPolicy } from './lint-policy.ts';
import type { UnmatchedSelector } from './unmatched-selector.ts';

/** Undefined where nothing is near, or where the text does not say for certain what to change. Connections change with it. */
export function labelFix({ object }: LintPolicy, field: string, { meant }: UnmatchedSelector): { readonly fix?: DraftFix } {
  if (meant?.what !== 'value') return {};
  const found = [...placesOf(valueAt(object, field), { path: field, key: meant.label.key, wanted: meant.wanted, near: meant.near })];
  const [change] = found;
  if (change === undefined || found.length > 1) return {};
  return { fix: { description: `Write ${meant.label.key}=${meant.near}`, isSafe: false, changes: [change] } };
}

/** What is looked for, and where. */
interface Wanted {
  readonly path: string;
  readonly key: string;
  readonly wanted: string;
  readonly near: string;
}

/** Every place that asks for the label's value, with the change of it. */
function* placesOf(value: unknown, at: Wanted): Iterable<FieldChange> {
  if (typeof value === 'string') {
    const changed = inCalicoSelector(value, at);
    if (changed !== undefined) yield { kind: 'replace', field: at.path, value: changed };
  } else if (Array.isArray(value)) {
    for (const [i, member] of value.entries()) yield* placesOf(member, { ...at, path: `${at.path}[${i}]` });
  } else if (typeof value === 'object' && value !== null) {
    if ('key' in value && isKey(value.key, at.key) && 'values' in value && Array.isArray(value.values)) {
      const place = value.values.indexOf(at.wanted);
      if (place >= 0) yield { kind: 'replace', field: `${at.path}.values[${place}]`, value: at.near };
    }
    for (const [name, member] of Object.entries(value)) {
      if (isKey(name, at.key) && member === at.wanted) yield { kind: 'replace', field: `${at.path}[${name}]`, value: at.near };
      else yield* placesOf(member, { ...at, path: `${at.path}.${name}` });
    }
  }
}

/** Cilium writes where a label comes from in front of its key. */
function isKey(written: unknown, key: string): boolean {
  return written === key || written === `k8s:${key}` || written === `any:${key}`;
}

/** `app == 'wbe'` with the other value; undefined where the label is not asked for in that way, once. */
function inCalicoSelector(text: string, { key, wanted, near }: Wanted): string | undefined {
  const escaped = [key, wanted].map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const asked = new RegExp(`((?:^|[\\s(&|])${escaped[0] ?? ''}\\s*==\\s*)(["'])${escaped[1] ?? ''}\\2`, 'g');
  if ([...text.matchAll(asked)].length !== 1) return undefined;
  return text.replace(asked, (_, before: string, quote: string) => `${before}${quote}${near}${quote}`);
}
