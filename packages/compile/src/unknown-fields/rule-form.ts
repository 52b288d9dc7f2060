/** Where the rules of an API stand and what a field in one can do, for whoever must judge a field that is not known. */
import type { Action } from '@weir/model';

/** What an API tells of its rules. */
export interface RuleForm {
  /** The fields of a spec that are lists of rules. */
  readonly sections: readonly string[];
  /** What a rule of a section does; undefined when that cannot be read. `rule` comes from outside. */
  actionOf(section: string, rule: unknown): Action | undefined;
  /**
   * Whether a field that nobody knows, at a path within a rule (`source.foo`), asks for more besides what is known: the
   * rule matches no less without it. Asked of rules that deny.
   */
  narrows(within: string): boolean;
}

/** A place in a rule. */
export interface RulePlace {
  /** As `Origin.section` has it, also where that leaves it out: `ingress`, `specs[1].egressDeny`. */
  readonly section: string;
  /** The field of the spec. */
  readonly field: string;
  readonly index: number;
  /** The path of the rule: `spec.ingress[0]`. */
  readonly path: string;
  /** The rest of the path: `from[0].foo`. */
  readonly within: string;
}

/** The rule that a field is in; undefined when it is in none. */
export function rulePlaceOf(path: string, { sections }: RuleForm): RulePlace | undefined {
  const [, rule = '', root = '', field = '', index = '', within = ''] =
    /^((spec|specs\[\d+\])\.([A-Za-z]+)\[(\d+)\])\.(.+)$/s.exec(path) ?? [];
  if (!sections.includes(field)) return undefined;
  return { section: root === 'spec' ? field : `${root}.${field}`, field, index: Number(index), path: rule, within };
}

/** The action that rules name in a field of their own. */
export function namedAction(rule: unknown, actions: Readonly<Record<string, Action>>): Action | undefined {
  const name: unknown = typeof rule === 'object' && rule !== null && 'action' in rule ? rule.action : undefined;
  return typeof name === 'string' && Object.hasOwn(actions, name) ? actions[name] : undefined;
}
