/** The rules of one node of a schema (`x-kubernetes-validations`), compiled once. */
import { type CelProgram, type CelType, compileExpression, formatIssues } from '../cel/index.ts';
import { celTypeOfSchema } from './cel-type.ts';
import { followFieldPath } from './field-path.ts';
import type { StructuralSchema, ValidationRule } from './structural-schema.ts';

/** One rule, or why it is none. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: CelProgram | undefined;
  /** What is wrong with the rule. */
  readonly problem: string | undefined;
  readonly message: CelProgram | undefined;
  /** What is wrong with its messageExpression. */
  readonly messageProblem: string | undefined;
  /** A transition rule: it compares with what was there. */
  readonly usesOldSelf: boolean;
  /** Where its errors are, below the node; empty: at the node. */
  readonly field: string;
}

/** The rules of a node. */
export interface NodeRules {
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
}

const known = new WeakMap<StructuralSchema, NodeRules>();

/** The compiled rules of a node; `isRoot`: of a whole object. Undefined when there are none. */
export function rulesOf(schema: StructuralSchema, isRoot: boolean): NodeRules | undefined {
  if (schema.rules.length === 0) return undefined;
  const present = known.get(schema);
  if (present !== undefined) return present;
  const type = celTypeOfSchema(schema, isRoot) ?? { kind: 'dyn' };
  const made = { type, rules: schema.rules.map((rule) => compileRule(rule, type, schema)) };
  known.set(schema, made);
  return made;
}

function compileRule(rule: ValidationRule, type: CelType, schema: StructuralSchema): CompiledRule {
  const before: CelType = rule.optionalOldSelf === true ? { kind: 'optional', item: type } : type;
  const both = new Map([
    ['self', type],
    ['oldSelf', before],
  ]);
  // What compiles without it does not use it.
  const alone = compileExpression(rule.rule, new Map([['self', type]]));
  const compiled = 'program' in alone ? alone : compileExpression(rule.rule, both);
  const message = rule.messageExpression === '' ? undefined : compileMessage(rule.messageExpression, both);
  const target = rule.fieldPath === '' ? '' : followFieldPath(rule.fieldPath, schema);
  return {
    rule,
    ...programOrProblem(rule.rule, compiled),
    message: message?.program,
    messageProblem: message?.problem,
    usesOldSelf: !('program' in alone) && 'program' in compiled,
    field: typeof target === 'string' ? '' : target.field,
  };
}

function programOrProblem(text: string, compiled: ReturnType<typeof compileExpression>): Pick<CompiledRule, 'program' | 'problem'> {
  if ('issues' in compiled) return { program: undefined, problem: `compilation failed: ${formatIssues(text, compiled.issues)}` };
  const { program } = compiled;
  if (program.type.kind === 'primitive' && program.type.name === 'bool') return { program, problem: undefined };
  return { program: undefined, problem: 'cel expression must evaluate to a bool' };
}

function compileMessage(text: string, variables: ReadonlyMap<string, CelType>): { program?: CelProgram; problem?: string } {
  const compiled = compileExpression(text, variables);
  if ('issues' in compiled) return { problem: `messageExpression compilation failed: ${formatIssues(text, compiled.issues)}` };
  const { program } = compiled;
  if (program.type.kind === 'primitive' && program.type.name === 'string') return { program };
  return { problem: 'messageExpression must evaluate to a string' };
}
