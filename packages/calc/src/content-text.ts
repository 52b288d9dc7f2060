/** The canonical texts of classes and programs. */
import { contentKey } from './content-key.ts';
import type { ContentKey, Membership, Program, ProgramTier } from './delta.ts';
import { ruleText } from './render-rule.ts';

/** The key of a class from its memberships, sorted by set key. */
export function classKey(memberships: readonly Membership[]): ContentKey {
  const parts = memberships.map(({ set, ports }) => {
    const suffix = ports === undefined ? '' : ` ${ports.map(({ protocol, port }) => `${protocol}/${port}`).join()}`;
    return `${JSON.stringify(set)}${suffix}`;
  });
  return contentKey(`class ${parts.join(';')}`);
}

/** The key of a program from its content. */
export function programKey({ direction, tiers, otherwise }: Omit<Program, 'key'>): ContentKey {
  return contentKey(`program ${direction} ${otherwise} ${tiers.map(tierText).join('')}`);
}

function tierText({ name, rules, end }: ProgramTier): string {
  return `{${JSON.stringify(name)} ${end}:${rules.map((rule) => ruleText(rule)).join(';')}}`;
}
