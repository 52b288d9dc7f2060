/**
 * Policies of a cluster whose API is newer than this release: fields that are not known here are left out with a warning
 * where that cannot let anything through that the policy does not.
 *
 * A rule that allows, or the peer of it that the field is in, matches nothing. A rule that denies matches what it does
 * without the field, where the field can only ask for more. Anything else (a rule that passes on, a selector, what the
 * policy says about itself) may mean anything, and the object is refused as a whole.
 */

import type { DirectionRules, Origin, Policy } from '@weir/model';
import { unreachable } from '@weir/net';
import type { CompileOptions } from '../kubernetes/compile-network-policy.ts';
import type { CompiledObject, CompiledSubject, PlacedPolicy } from '../policy-api.ts';
import type { PolicyDiagnostic } from '../policy-diagnostic.ts';
import { isRefused } from '../policy-refusal.ts';
import { type RuleForm, type RulePlace, rulePlaceOf } from './rule-form.ts';
import { valueAt, withoutFields } from './without-fields.ts';

/** Compiles an object of a cluster; files are held to what is known (`PolicyCompiler.compile`). */
export function compileKnownFields({ compiler, object, referred }: CompiledSubject, options: CompileOptions): CompiledObject {
  const whole = compiler.compile(object, referred, options);
  const unknown = whole.diagnostics.filter(({ code }) => code === 'unknown-field');
  if (unknown.length === 0) return whole;
  const judged = unknown.map((diagnostic) => ({ diagnostic, effect: effectOf(diagnostic.field ?? '', object, compiler.rules) }));
  const rest = withoutFields(
    object,
    unknown.map(({ field = '' }) => field),
  );
  const known = rest === undefined ? whole : compiler.compile(rest, referred, options);
  const undecided = judged.filter(({ effect }) => effect.kind === 'undecided');
  if (undecided.length > 0 || isRefused(known)) {
    const refusals = judged.map(({ diagnostic, effect }) => refusal(diagnostic, effect));
    return { policies: [], diagnostics: [...refusals, ...known.diagnostics.filter(({ code }) => code !== 'unknown-field')] };
  }
  const closed = judged.flatMap(({ effect }) => (effect.kind === 'allows nothing' ? [effect.place] : []));
  return {
    ...known,
    policies: known.policies.map((placed) => withoutRules(placed, closed)),
    diagnostics: [...known.diagnostics, ...judged.flatMap(({ diagnostic, effect }) => warnings(diagnostic, effect))],
  };
}

/** What it means that a field is left out. */
type Effect =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'allows nothing'; readonly place: RulePlace }
  | { readonly kind: 'denies as without' }
  | { readonly kind: 'undecided'; readonly reason: string };

function effectOf(path: string, object: object, form: RuleForm): Effect {
  if (/^(metadata|status)\b/.test(path)) return { kind: 'nothing' };
  const place = rulePlaceOf(path, form);
  if (place === undefined) return { kind: 'undecided', reason: 'it may change whom the policy selects, or what all of it means' };
  const action = form.actionOf(place.field, valueAt(object, place.path));
  switch (action) {
    case 'allow':
      return { kind: 'allows nothing', place };
    case 'deny':
      if (form.narrows(place.within)) return { kind: 'denies as without' };
      return { kind: 'undecided', reason: 'the rule denies, and without the field it may deny less' };
    case 'log':
      return { kind: 'nothing' };
    case 'pass':
      return { kind: 'undecided', reason: 'the rule passes traffic on, and nobody knows which' };
    case undefined:
      return { kind: 'undecided', reason: 'what the rule does cannot be read' };
    default:
      return unreachable(action);
  }
}

function refusal(diagnostic: PolicyDiagnostic, effect: Effect): PolicyDiagnostic {
  return effect.kind === 'undecided' ? { ...diagnostic, message: `${diagnostic.message}: ${effect.reason}` } : diagnostic;
}

function warnings(diagnostic: PolicyDiagnostic, effect: Effect): PolicyDiagnostic[] {
  if (effect.kind === 'nothing') return [];
  const said = effect.kind === 'allows nothing' ? `${elementOf(effect.place)} allows nothing` : 'the rule denies as if it were not there';
  return [
    {
      ...diagnostic,
      severity: 'warning',
      message: `unknown field: ${said}`,
      action: 'leave the field out, or run a release of Weir that knows it',
    },
  ];
}

function elementOf(place: RulePlace): string {
  const peer = peerOf(place);
  return peer === undefined ? place.path : `${place.path}.${peer.list}[${peer.index}]`;
}

/** The member of a list of peers that a place is in. */
function peerOf({ within }: RulePlace): { readonly list: string; readonly index: number } | undefined {
  const [, list, index] = /^((?:from|to)[A-Za-z]*)\[(\d+)\]\./.exec(within) ?? [];
  return list === undefined || list === 'toPorts' ? undefined : { list, index: Number(index) };
}

function withoutRules({ tier, policy }: PlacedPolicy, closed: readonly RulePlace[]): PlacedPolicy {
  const filtered = (rules: DirectionRules | undefined): DirectionRules | undefined =>
    rules === undefined ? undefined : { ...rules, rules: rules.rules.filter(({ origin }) => !closed.some((place) => isAt(origin, place))) };
  const { ingress, egress, ...rest } = policy;
  const [into, out] = [filtered(ingress), filtered(egress)];
  const left: Policy = { ...rest, ...(into === undefined ? {} : { ingress: into }), ...(out === undefined ? {} : { egress: out }) };
  return { tier, policy: left };
}

/** Whether a rule of the model came from the place: from its peer where the place is in one, else from any part of its rule. */
function isAt({ direction, section = direction, ruleIndex, peerIndex, peers }: Origin, place: RulePlace): boolean {
  if (section !== place.section || ruleIndex !== place.index) return false;
  const peer = peerOf(place);
  if (peer === undefined || peerIndex === undefined) return true;
  return peerIndex === peer.index && (peers ?? (direction === 'ingress' ? 'from' : 'to')) === peer.list;
}
