/** Macros: calls whose arguments are not values but expressions over a variable. */
import { CelSyntaxError } from '../cel-error.ts';
import type { CelNode, MacroName } from './ast.ts';

/** How many variables and expressions a macro takes, by its name as it is written. */
interface MacroForm {
  readonly macro: MacroName;
  /** Numbers of arguments, variables included. */
  readonly arguments: readonly number[];
  /** How many of the arguments are variables, for each number of arguments. */
  readonly variables: readonly number[];
}

const forms: Readonly<Record<string, MacroForm>> = {
  all: { macro: 'all', arguments: [2, 3], variables: [1, 2] },
  exists: { macro: 'exists', arguments: [2, 3], variables: [1, 2] },
  exists_one: { macro: 'exists_one', arguments: [2, 3], variables: [1, 2] },
  existsOne: { macro: 'exists_one', arguments: [2, 3], variables: [1, 2] },
  map: { macro: 'map', arguments: [2, 3], variables: [1, 1] },
  filter: { macro: 'filter', arguments: [2], variables: [1] },
  transformList: { macro: 'transformList', arguments: [3, 4], variables: [2, 2] },
  transformMap: { macro: 'transformMap', arguments: [3, 4], variables: [2, 2] },
  optMap: { macro: 'optMap', arguments: [2], variables: [1] },
  optFlatMap: { macro: 'optFlatMap', arguments: [2], variables: [1] },
};

/** The node of a macro, or undefined when the call is none. */
export function expandMacro(name: string, target: CelNode | undefined, args: readonly CelNode[], offset: number): CelNode | undefined {
  if (target === undefined) return name === 'has' && args.length === 1 ? presenceTest(args[0], offset) : undefined;
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
  const which = form?.arguments.indexOf(args.length) ?? -1;
  if (form === undefined || which < 0) return undefined;
  const count = form.variables[which] ?? 1;
  const variables = args.slice(0, count).map(variableName);
  const expressions = args.slice(count);
  const { macro } = form;
  const makesValues =
    macro === 'map' || macro === 'transformList' || macro === 'transformMap' || macro === 'optMap' || macro === 'optFlatMap';
  const condition = makesValues && expressions.length === 1 ? undefined : expressions[0];
  return { kind: 'comprehension', macro, range: target, variables, condition, body: makesValues ? expressions.at(-1) : undefined, offset };
}

function presenceTest(argument: CelNode | undefined, offset: number): CelNode {
  if (argument?.kind !== 'select' || argument.mode === 'test') throw new CelSyntaxError('invalid argument to has() macro', offset);
  return { ...argument, mode: 'test' };
}

function variableName(node: CelNode): string {
  if (node.kind === 'identifier') return node.name;
  throw new CelSyntaxError('argument must be a simple name', node.offset);
}
