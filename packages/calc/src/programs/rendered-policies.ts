/**
 * What policies say in programs: their rules with ids and keys, each made once while its plan is in use.
 *
 * A rule that names ports of the local endpoint is one rule for each list of ports.
 */
import type { Direction } from '@weir/model';
import type { PolicyEntry, PolicyStretch, RenderedTier } from '../entries.ts';
import type { PlannedRule } from '../policies/planned-rule.ts';
import type { Policies } from '../policies/policies.ts';
import { type NamedPortList, noPorts } from '../population/named-port-lists.ts';
import { renderRule } from './render-rule.ts';
import type { RuleIds } from './rule-ids.ts';
import { type KeyedRule, keyedRule } from './rule-runs.ts';

/** Null: the endpoint has none of the ports that the rule names. */
type RulesByPlan = WeakMap<PlannedRule, KeyedRule | null>;

/** All rules that were rendered; they go with their plans and lists of ports. */
export class RenderedPolicies {
  readonly #rules: WeakMap<NamedPortList, RulesByPlan> = new WeakMap();
  readonly #policies: Policies;
  readonly #ruleIds: RuleIds<PolicyEntry>;

  constructor(policies: Policies, ruleIds: RuleIds<PolicyEntry>) {
    this.#policies = policies;
    this.#ruleIds = ruleIds;
  }

  /** Whether a rule of the stretch names a port of the local endpoint. */
  usesLocalNames(stretch: PolicyStretch): boolean {
    stretch.usesLocalNames ??= stretch.items.some((entry) => this.#policies.planOf(entry).usesLocalNames);
    return stretch.usesLocalNames;
  }

  /** What the stretch says about endpoints with these named ports. */
  tiersOf(stretch: PolicyStretch, direction: Direction, namedPorts: NamedPortList): readonly RenderedTier[] {
    const ports = this.usesLocalNames(stretch) ? namedPorts : noPorts;
    stretch.tiers ??= { ingress: new WeakMap(), egress: new WeakMap() };
    const known = stretch.tiers[direction];
    let tiers = known.get(ports);
    if (tiers === undefined) known.set(ports, (tiers = this.render(stretch.items, direction, ports)));
    return tiers;
  }

  /** What policies that follow each other say, which nobody asks for again. */
  render(items: readonly PolicyEntry[], direction: Direction, namedPorts: NamedPortList): RenderedTier[] {
    const tiers: RenderedTier[] = [];
    let tier: RenderedTier | undefined;
    for (const entry of items) {
      const policy = this.#policies.policyOf(entry);
      const rules = policy[direction];
      if (rules === undefined || policy.staged) continue;
      if (tier?.name !== entry.tier.name)
        tiers.push((tier = { name: entry.tier.name, rules: [], content: [], orders: new Set(), end: 'pass' }));
      if (rules.isolates) tier.end = entry.tier.end;
      if (policy.orderedBy !== undefined) tier.orders.add(policy.orderedBy);
      for (const planned of this.#policies.planOf(entry)[direction] ?? []) {
        const keyed = this.#ruleOf(planned, planned.localNames === undefined ? noPorts : namedPorts);
        if (keyed === null) continue;
        tier.rules.push(keyed);
        tier.content.push(keyed.rule);
      }
    }
    return tiers;
  }

  #ruleOf(planned: PlannedRule, namedPorts: NamedPortList): KeyedRule | null {
    let rules = this.#rules.get(namedPorts);
    if (rules === undefined) this.#rules.set(namedPorts, (rules = new WeakMap()));
    let keyed = rules.get(planned);
    if (keyed === undefined) {
      const rule = renderRule(planned, this.#ruleIds.idOf(planned.identity), namedPorts.ports);
      const specs = [...planned.peer, ...(planned.local ?? [])].map(({ spec }) => spec);
      rules.set(planned, (keyed = rule === undefined ? null : keyedRule(rule, specs)));
    }
    return keyed;
  }
}
