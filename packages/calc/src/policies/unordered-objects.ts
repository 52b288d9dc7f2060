/** Objects of which policies select pods of this node together with others that they have no order with, and what is said of each. */
import type { Diagnostic } from '@weir/kube';
import { type Direction, describePolicy, type PolicyRef } from '@weir/model';
import type { PolicyEntry, PolicySource, Selection } from '../entries.ts';
import type { Policies } from './policies.ts';
import { unorderedEntries } from './unordered-entries.ts';

/** Says of an object which others its policies have no order with, and what that closes. */
export type UnorderedDiagnostic = Diagnostic<'unordered-policies'>;

const directions = ['ingress', 'egress'] as const;

/** What an object is up against. */
interface Unordered {
  readonly ref: PolicyRef;
  readonly directions: Set<Direction>;
  /** By their names. */
  readonly others: Map<string, PolicyRef>;
}

/** So many others are named. */
const namedMax = 5;

/** What is said of each such object, for the selections of a node. */
export function unorderedObjects(selections: Iterable<Selection>, all: Policies): ReadonlyMap<PolicySource, UnorderedDiagnostic> {
  const found = new Map<PolicySource, Unordered>();
  for (const selection of selections) {
    for (const direction of directions) {
      const entries = unorderedEntries(all, selection, direction);
      for (const entry of entries) note(found, { entry, direction, entries }, all);
    }
  }
  return new Map([...found].map(([source, unordered]) => [source, diagnosticOf(unordered)]));
}

interface Meeting {
  readonly entry: PolicyEntry;
  readonly direction: Direction;
  readonly entries: readonly PolicyEntry[];
}

function note(found: Map<PolicySource, Unordered>, { entry, direction, entries }: Meeting, all: Policies): void {
  const { ref, orderedBy } = all.policyOf(entry);
  const known = found.get(entry.source) ?? { ref, directions: new Set<Direction>(), others: new Map<string, PolicyRef>() };
  found.set(entry.source, known);
  known.directions.add(direction);
  for (const other of entries) {
    const policy = all.policyOf(other);
    if (policy.orderedBy !== orderedBy) known.others.set(describePolicy(policy.ref), policy.ref);
  }
}

function diagnosticOf({ ref, directions: closed, others }: Unordered): UnorderedDiagnostic {
  const names = [...others.keys()].sort();
  const shown = names.slice(0, namedMax).map((name) => `${name} (${others.get(name)?.apiVersion.split('/')[0] ?? ''})`);
  const more = names.length - shown.length;
  return {
    code: 'unordered-policies',
    severity: 'error',
    object: describePolicy(ref),
    message: `it selects pods together with ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}, and the policies of these APIs have no order among each other; ${directions.filter((one) => closed.has(one)).join(' and ')} of these pods is closed`,
    action: 'let only one of the APIs select a pod',
  };
}
