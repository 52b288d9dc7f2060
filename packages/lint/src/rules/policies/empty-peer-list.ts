/** Empty lists that mean everybody: as if they were not there. */
import type { LintContext } from '../../context/lint-context.ts';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { writtenRules } from '../../context/network-policy-rules.ts';
import { isOfCalico, isOfCilium } from '../../context/policy-apis.ts';
import { type WrittenField, writtenFields } from '../../context/written-fields.ts';
import type { DraftFinding, FieldChange, LintRule } from '../../lint-rule.ts';

/** The rule. */
export const emptyPeerList: LintRule = {
  id: 'empty-peer-list',
  title: 'an empty list of peers, blocks or ports, which means everybody and not nobody',
  severity: 'info',
  *check(context) {
    yield* ofNetworkPolicies(context);
    for (const of of context.policies) {
      if (of.isRefused || !(isOfCalico(of) || isOfCilium(of))) continue;
      for (const field of writtenFields(of)) yield* isOfCilium(of) ? ofCilium(of, field) : ofCalico(of, field);
    }
  },
};

function* ofNetworkPolicies(context: LintContext): Iterable<DraftFinding> {
  for (const { of, field, list, peers, ports } of writtenRules(context)) {
    const names = [...(peers?.length === 0 ? [list] : []), ...(ports?.length === 0 ? ['ports'] : [])];
    const others = [peers, ports].filter((members) => members !== undefined).length;
    for (const name of names) yield emptied(of, { path: field, name, isAlone: others < 2 });
  }
}

/** What one end of a rule of Calico is asked for; an excluding list that is empty excludes nobody, as it reads. */
function* ofCalico(of: LintPolicy, { path, name, value }: WrittenField): Iterable<DraftFinding> {
  if (name !== 'source' && name !== 'destination') return;
  for (const list of ['nets', 'ports']) {
    const members: unknown = (value as Readonly<Record<string, unknown>>)[list];
    if (Array.isArray(members) && members.length === 0) yield emptied(of, { path, name: list, isAlone: Object.keys(value).length < 2 });
  }
}

/** Ports beside peers: every port. A rule of nothing else is about nobody, and peers are the other rule's. */
function* ofCilium(of: LintPolicy, { path, value }: WrittenField): Iterable<DraftFinding> {
  const fields = Array.isArray(value) ? [] : Object.keys(value);
  const hasPeers = fields.some((name) => /^(from|to)[A-Z]/.test(name) && name !== 'toPorts');
  const { toPorts } = value as { readonly toPorts?: unknown };
  if (hasPeers && Array.isArray(toPorts) && toPorts.length === 0) yield emptied(of, { path, name: 'toPorts', isAlone: false });
}

interface EmptyList {
  /** Of what has the list. */
  readonly path: string;
  readonly name: string;
  /** Whether nothing else is there. */
  readonly isAlone: boolean;
}

function emptied(about: LintPolicy, { path, name, isAlone }: EmptyList): DraftFinding {
  const what = /ports$/i.test(name) ? 'every port' : 'everybody';
  const change: FieldChange = isAlone ? { kind: 'replace', field: path, value: {} } : { kind: 'remove', field: `${path}.${name}` };
  return {
    about,
    field: `${path}.${name}`,
    message: `an empty list means ${what}, as if it were not there`,
    action: `leave ${name} out, so that everybody reads it as it is meant; for nobody, leave the rule out`,
    fix: { description: `Leave ${name} out`, isSafe: true, changes: [change] },
  };
}
