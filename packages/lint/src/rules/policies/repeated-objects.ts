/** Policies that are there twice: the same object, or another one that says the same. */
import { type Direction, type Policy, type Rule, selectorKey } from '@weir/model';
import type { LintObject } from '../../context/lint-object.ts';
import { type LintPolicy, refKey } from '../../context/lint-policy.ts';
import type { LintRule } from '../../lint-rule.ts';

/** The rule about objects. */
export const duplicateObject: LintRule = {
  id: 'duplicate-object',
  title: 'an object that is in the manifests twice, so that one replaces the other',
  severity: 'error',
  *check({ input, objects, policies }) {
    // Whoever read the manifests has left the first of them out, and said so.
    for (const { code, message, action, object, position } of input.diagnostics ?? []) {
      if (code !== 'duplicate-object' || position === undefined) continue;
      const { file, line, column = 1 } = position;
      const part = { file, line, column, endLine: line, endColumn: column };
      yield { about: { part }, message: `${object ?? ''}: ${message}`, action };
    }
    const names = new Set(policies.map(({ name }) => name));
    const seen = new Map<string, LintObject>();
    for (const of of objects) {
      const group = (of.object.apiVersion ?? '').split('/').slice(0, -1).join('/');
      const key = `${group} ${of.name}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, of);
      else if (names.has(of.name) && of.object.metadata.name !== undefined) {
        yield {
          about: of,
          message: 'there is another object of this name: whichever is applied last replaces the other one',
          action: 'give one of them another name, or remove it',
          related: [{ message: 'the other one', about: first, field: 'metadata.name' }],
        };
      }
    }
  },
};

/** The rule about policies of different names. */
export const duplicatePolicy: LintRule = {
  id: 'duplicate-policy',
  title: 'a policy that says the same as another one',
  severity: 'warning',
  *check({ policies, snapshot }) {
    const seen = new Map<string, LintPolicy>();
    const tiers = new Map<string, string>();
    for (const { name, policies: those } of snapshot.world.tiers) for (const { ref } of those) tiers.set(refKey(ref), name);
    for (const of of policies) {
      if (of.isRefused || of.compiled.length === 0) continue;
      const key = contentOf(of, tiers);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, of);
      else if (first.name !== of.name) {
        yield {
          about: of,
          message: `it selects the same pods as ${first.name} and says the same`,
          action: 'remove one of the two',
          related: [{ message: 'the other one', about: first, field: 'metadata.name' }],
        };
      }
    }
  },
};

/** Equal for policies that say the same of the same pods at the same place among all. */
function contentOf({ compiled }: LintPolicy, tiers: ReadonlyMap<string, string>): string {
  return JSON.stringify(compiled.map((policy) => [tiers.get(refKey(policy.ref)), ...contentOfPolicy(policy)]));
}

function contentOfPolicy(policy: Policy): readonly unknown[] {
  const rules = (direction: Direction): unknown => {
    const of = policy[direction];
    return of === undefined ? null : [of.isolates, of.rules.map(contentOfRule)];
  };
  return [policy.order, policy.staged, policy.appliesTo ?? null, selectorKey(policy.subject), rules('ingress'), rules('egress')];
}

function contentOfRule({ action, match }: Rule): unknown {
  return [action, match];
}
