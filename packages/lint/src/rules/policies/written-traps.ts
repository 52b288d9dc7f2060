/** NetworkPolicies that mean something else than they seem to say. */
import { writtenPolicies, writtenRules } from '../../context/network-policy-rules.ts';
import type { LintRule } from '../../lint-rule.ts';

/** The rule about rules of a direction that the policy does not name. */
export const unenforcedRules: LintRule = {
  id: 'unenforced-rules',
  title: 'rules of a direction that policyTypes leaves out',
  severity: 'error',
  *check(context) {
    for (const of of writtenPolicies(context)) {
      const { policyTypes = [], ingress = [], egress = [] } = of.object.spec ?? {};
      if (policyTypes.length === 0) continue;
      for (const [type, direction, rules] of [['Ingress', 'ingress', ingress] as const, ['Egress', 'egress', egress] as const]) {
        if (rules.length === 0 || policyTypes.includes(type)) continue;
        yield {
          about: of,
          field: `spec.${direction}`,
          message: `these rules do nothing: policyTypes does not name ${type}, so ${direction} is not restricted`,
          action: `add ${type} to policyTypes, or remove the rules`,
          fix: {
            description: `Add ${type} to policyTypes`,
            isSafe: false,
            changes: [{ kind: 'append', list: 'spec.policyTypes', value: type }],
          },
        };
      }
    }
  },
};

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
