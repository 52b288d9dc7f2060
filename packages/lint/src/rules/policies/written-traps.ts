/** Policies that mean something else than they seem to say. */
import type { CalicoPolicySpec } from '@weir/compile';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { writtenPolicies, writtenRules } from '../../context/network-policy-rules.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about rules of a direction that the policy does not name. */
export const unenforcedRules: LintRule = {
  id: 'unenforced-rules',
  title: 'rules of a direction that the types of the policy leave out',
  severity: 'error',
  *check(context) {
    for (const of of writtenPolicies(context)) {
      const { policyTypes = [], ingress = [], egress = [] } = of.object.spec ?? {};
      yield* unenforced(of, { list: 'policyTypes', types: policyTypes, ingress, egress });
    }
    for (const of of context.policies) {
      const { spec } = of.object as { readonly spec?: CalicoPolicySpec };
      if (of.isRefused || !/^(Staged)?(Global)?NetworkPolicy$/.test(of.object.kind ?? '') || !isOfCalico(of)) continue;
      const { types = [], ingress = [], egress = [] } = spec ?? {};
      yield* unenforced(of, { list: 'types', types, ingress, egress });
    }
  },
};

function isOfCalico({ object: { apiVersion = '' } }: LintPolicy): boolean {
  return apiVersion.startsWith('projectcalico.org/') || apiVersion.startsWith('crd.projectcalico.org/');
}

/** Rules of directions that a list of types leaves out, where there is one. */
function* unenforced(
  about: LintPolicy,
  spec: {
    readonly list: string;
    readonly types: readonly string[];
    readonly ingress: readonly unknown[];
    readonly egress: readonly unknown[];
  },
): Iterable<DraftFinding> {
  const { list, types } = spec;
  if (types.length === 0) return;
  for (const [type, direction] of [['Ingress', 'ingress'] as const, ['Egress', 'egress'] as const]) {
    if (spec[direction].length === 0 || types.includes(type)) continue;
    yield {
      about,
      field: `spec.${direction}`,
      message: `these rules do nothing: ${list} does not name ${type}, so ${direction} is not restricted`,
      action: `add ${type} to ${list}, or remove the rules`,
      fix: {
        description: `Add ${type} to ${list}`,
        isSafe: false,
        changes: [{ kind: 'append', list: `spec.${list}`, value: type }],
      },
    };
  }
}

/** The rule about empty lists. */
export const emptyPeerList: LintRule = {
  id: 'empty-peer-list',
  title: 'an empty list of peers or ports, which means everybody and not nobody',
  severity: 'info',
  *check(context) {
    for (const { of, field, list, peers, ports } of writtenRules(context)) {
      const names = [...(peers?.length === 0 ? [list] : []), ...(ports?.length === 0 ? ['ports'] : [])];
      for (const name of names) {
        const what = name === 'ports' ? 'every port' : 'everybody';
        const others = [peers, ports].filter((members) => members !== undefined).length;
        const change =
          others > 1 ? ({ kind: 'remove', field: `${field}.${name}` } as const) : ({ kind: 'replace', field, value: {} } as const);
        yield {
          about: of,
          field: `${field}.${name}`,
          message: `an empty list means ${what}, as if it were not there`,
          action: `leave ${name} out, so that everybody reads it as it is meant; for nobody, leave the rule out`,
          fix: { description: `Leave ${name} out`, isSafe: true, changes: [change] },
        };
      }
    }
  },
};
