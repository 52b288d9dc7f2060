/** Macros over lists, maps and optional values. */
import { unreachable } from '@weir/net';
import { CelBudgetError, CelError } from '../cel-error.ts';
import { type CelKey, CelOptional, type CelValue, isList, isMap } from '../values/cel-value.ts';
import type { CelNode, Comprehension } from './ast.ts';
import type { Frame, Step } from './step.ts';

/** What makes steps of nodes. */
interface StepMaker {
  step(node: CelNode, locals: readonly string[]): Step;
}

/** Prices for each member: of the loop itself, and of adding one member to a result. */
const loopPrice = 3;
const memberPrice = 12;

/** The compiled parts of one macro. */
interface Loop {
  readonly node: Comprehension;
  readonly slot: number;
  readonly condition: Step | undefined;
  readonly body: Step | undefined;
}

/** Compiles a macro. */
export function comprehensionStep(node: Comprehension, maker: StepMaker, locals: readonly string[]): Step {
  const range = maker.step(node.range, locals);
  const inner = [...locals, ...node.variables];
  const loop: Loop = {
    node,
    slot: locals.length,
    condition: node.condition === undefined ? undefined : maker.step(node.condition, inner),
    body: node.body === undefined ? undefined : maker.step(node.body, inner),
  };
  if (node.macro === 'optMap' || node.macro === 'optFlatMap') return (frame) => overOptional(loop, range(frame), frame);
  return (frame) => overMembers(loop, membersOf(range(frame), node.variables.length), frame);
}

function overOptional({ node, slot, body }: Loop, value: CelValue, frame: Frame): CelValue {
  if (!(value instanceof CelOptional)) throw new CelError('no such overload');
  if (value.value === undefined || body === undefined) return value;
  frame.locals[slot] = value.value;
  const result = body(frame);
  return node.macro === 'optMap' ? new CelOptional(result) : result;
}

/** One turn of a loop: the key (or index) and the member; only the first is used by macros with one variable. */
type Member = readonly [CelValue, CelValue];

function membersOf(range: CelValue, variables: number): readonly Member[] {
  if (isList(range)) return range.map((item, i): Member => (variables === 1 ? [item, item] : [BigInt(i), item]));
  if (isMap(range)) return Array.from(range);
  throw new CelError('no such overload');
}

function overMembers(loop: Loop, members: readonly Member[], frame: Frame): CelValue {
  switch (loop.node.macro) {
    case 'all':
      return quantified(loop, members, { frame, decisive: false });
    case 'exists':
      return quantified(loop, members, { frame, decisive: true });
    case 'exists_one':
      return members.filter((member) => holds(loop, member, frame)).length === 1;
    case 'transformMap':
      return transformedMap(loop, members, frame);
    case 'map':
    case 'filter':
    case 'transformList':
    case 'optMap':
    case 'optFlatMap':
      return collected(loop, members, frame);
    default:
      return unreachable(loop.node.macro);
  }
}

function enter({ slot, node }: Loop, member: Member, frame: Frame): void {
  frame.locals[slot] = member[0];
  if (node.variables.length > 1) frame.locals[slot + 1] = member[1];
}

function holds(loop: Loop, member: Member, frame: Frame): boolean {
  frame.budget.spend(loopPrice);
  enter(loop, member, frame);
  if (loop.condition === undefined) return true;
  const result = loop.condition(frame);
  if (typeof result !== 'boolean') throw new CelError('no such overload');
  return result;
}

/** `all` and `exists`: errors count only when no member decides. */
function quantified(loop: Loop, members: readonly Member[], { frame, decisive }: { frame: Frame; decisive: boolean }): boolean {
  let failure: CelError | undefined;
  for (const member of members) {
    try {
      if (holds(loop, member, frame) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof CelError) || error instanceof CelBudgetError) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}

function collected(loop: Loop, members: readonly Member[], frame: Frame): CelValue {
  const values: CelValue[] = [];
  for (const member of members) {
    if (!holds(loop, member, frame)) continue;
    frame.budget.spend(memberPrice);
    values.push(loop.body === undefined ? member[0] : loop.body(frame));
  }
  return values;
}

function transformedMap(loop: Loop, members: readonly Member[], frame: Frame): CelValue {
  const made = new Map<CelKey, CelValue>();
  for (const member of members) {
    if (!holds(loop, member, frame)) continue;
    frame.budget.spend(memberPrice);
    made.set(member[0] as CelKey, loop.body === undefined ? member[1] : loop.body(frame));
  }
  return made;
}
