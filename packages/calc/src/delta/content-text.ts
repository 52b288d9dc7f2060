/** The canonical texts of classes and programs. */

import { keyedRule, type RuleRun, runsOf } from '../programs/rule-runs.ts';
import { contentKey } from './content-key.ts';
import type { ContentKey, Membership, Program } from './delta.ts';

/** The key of a class from its memberships, sorted by set key. */
export function classKey(memberships: readonly Membership[]): ContentKey {
  const parts = memberships.map(({ set, ports }) => {
    const suffix = ports === undefined ? '' : ` ${ports.map(({ protocol, port }) => `${protocol}/${port}`).join()}`;
    return `${JSON.stringify(set)}${suffix}`;
  });
  return contentKey(`class ${parts.join(';')}`);
}

/** A program whose rules are cut into runs: those of each tier, which are as many as its tiers. */
export interface ProgramOfRuns {
  readonly content: Omit<Program, 'key'>;
  readonly runs: readonly (readonly RuleRun[])[];
}

/** The key of a program. */
export function keyOfRuns({ content: { direction, tiers, otherwise }, runs }: ProgramOfRuns): ContentKey {
  const parts = tiers.map(({ name, end }, i) => `{${JSON.stringify(name)} ${end}:${(runs[i] ?? []).map(({ key }) => key).join('\n')}}`);
  return contentKey(`program ${direction} ${otherwise} ${parts.join('')}`);
}

/** The key of a program from its content alone. */
export function programKey(content: Omit<Program, 'key'>): ContentKey {
  const runs = content.tiers.map(({ rules }) =>
    runsOf(
      rules.map((rule) => keyedRule(rule, [])),
      new Map(),
    ),
  );
  return keyOfRuns({ content, runs });
}
