/**
 * The parts of which policies are made, as people can take them out: a whole policy, one of its rules, one peer of a rule.
 *
 * A part is several rules of the model where its API says more in one: a peer with ports of two protocols, or a policy that
 * means something else on each operating system.
 */
import type { PolicyWorld } from '@weir/model';
import { type Action, appliesToPods, type Direction, type Origin, type Policy, type PolicyRef, type Rule } from '@weir/model';
import { groupBy } from '@weir/net';

/** A part. */
export interface PolicyPart {
  readonly kind: 'policy' | 'rule' | 'peer';
  readonly ref: PolicyRef;
  /** The policies of the model that it is of. */
  readonly policies: readonly Policy[];
  readonly rules: ReadonlySet<Rule>;
}

/** A rule, or one peer of it. */
export interface RulePart extends PolicyPart {
  readonly kind: 'rule' | 'peer';
  readonly action: Action;
  readonly direction: Direction;
  /** The origin of one of its rules; that of a whole rule names no peer. */
  readonly origin: Origin;
}

/** A policy with its rules, and the peers of each that has several. */
export interface PolicyParts {
  readonly policy: PolicyPart & { readonly kind: 'policy' };
  readonly rules: readonly { readonly whole: RulePart; readonly peers: readonly RulePart[] }[];
}

/** The parts of the policies that are in force for pods, in the order in which they are asked. */
export function partsOf({ tiers }: PolicyWorld): readonly PolicyParts[] {
  const enforced = tiers.flatMap(({ policies }) => policies.filter((policy) => !policy.staged && appliesToPods(policy)));
  return [...groupBy(enforced, ({ ref }) => keyOfRef(ref)).values()].flatMap((policies) => partsOfPolicy(policies));
}

function partsOfPolicy(policies: readonly Policy[]): PolicyParts[] {
  const [first] = policies;
  if (first === undefined) return [];
  const { ref } = first;
  const rules = policies.flatMap(({ ingress, egress }) => [...(ingress?.rules ?? []), ...(egress?.rules ?? [])]);
  const logless = rules.filter(({ action }) => action !== 'log');
  const byRule = groupBy(logless, ({ origin }) => `${origin.direction} ${origin.section ?? ''} ${origin.ruleIndex}`);
  return [
    {
      policy: { kind: 'policy', ref, policies, rules: new Set(logless) },
      rules: [...byRule.values()].flatMap((ofRule) => {
        const byPeer = [...groupBy(ofRule, ({ origin }) => `${origin.peers ?? ''} ${origin.peerIndex ?? ''}`).values()];
        const peers = byPeer.length < 2 ? [] : byPeer.flatMap((ofPeer) => rulePart('peer', { ref, policies, rules: ofPeer }));
        return rulePart('rule', { ref, policies, rules: ofRule }).map((whole) => ({ whole, peers }));
      }),
    },
  ];
}

function rulePart(
  kind: 'rule' | 'peer',
  { ref, policies, rules }: { readonly ref: PolicyRef; readonly policies: readonly Policy[]; readonly rules: readonly Rule[] },
): RulePart[] {
  const [first] = rules;
  if (first === undefined) return [];
  const { action, origin } = first;
  const { peerIndex: _peer, peers: _peers, ...ofRule } = origin;
  return [{ kind, ref, policies, rules: new Set(rules), action, direction: origin.direction, origin: kind === 'peer' ? origin : ofRule }];
}

/** Equal for what came of one object. */
function keyOfRef({ apiVersion, kind, namespace = '', name }: PolicyRef): string {
  return `${apiVersion} ${kind} ${namespace}/${name}`;
}
