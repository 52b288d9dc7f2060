/**
 * Programs as tuples of the table's sets: what they allow a class of peers, and what of it they log.
 *
 * A program whose rules only allow and exclude nothing is the union of its rules (`additive-program.ts`). In all others order
 * decides: each class gets what the program comes to for it, tiers, deny, pass and log resolved
 * (`programs/verdict-program.ts`). Tuples only ever allow, so what the table promises of changes
 * (design/nftables.md) holds for both.
 */
import type { ContentKey, PeerSet, Program } from '@weir/calc';
import { asksSourcePorts } from '../programs/rule-refusal.ts';
import { compileVerdictProgram, type MembershipsOfPeer, saidByClass, verdictsForClass } from '../programs/verdict-program.ts';
import { type AdditiveProgram, compileAdditiveProgram, isAdditive, tuplesForClass } from './additive-program.ts';
import type { Tuple } from './element.ts';
import { asksOwnEnd, ownEndSets, withoutOwnEnd } from './own-end.ts';
import { tuplesOfVerdicts } from './port-tuples.ts';

/** What a program says to peers of a class. */
interface ClassTuples {
  readonly allowed: readonly Tuple[];
  readonly logged: readonly Tuple[];
}

/** An accepted program. */
export interface TupleProgram {
  /** What it allows any peer, of whatever class. */
  readonly anyPeer: readonly Tuple[];
  /** By the sets of which a class must be in one to be said anything, unless every class is. */
  readonly wanted: ReadonlyMap<ContentKey, unknown>;
  readonly asksEveryClass: boolean;
  /** Whether it can log anything. */
  readonly logs: boolean;
  /** Whether some packets are judged by their source ports. */
  readonly asksSourcePorts: boolean;
  /** What it says to peers of a class, beyond what it says to any. */
  readonly forClass: (sets: MembershipsOfPeer) => ClassTuples;
}

/** The program, or the reason why it cannot be enforced as a whole. */
export type CompiledTuples =
  | { readonly kind: 'accepted'; readonly program: TupleProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** Checks that all that the program refers to is there and can be expressed. */
export function compileTupleProgram(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): CompiledTuples {
  if (asksOwnEnd(program)) return compileOwnEnd(program, peerSets);
  if (isAdditive(program, peerSets)) {
    const result = compileAdditiveProgram(program, peerSets);
    return result.kind === 'refused' ? result : { kind: 'accepted', program: additive(result.program) };
  }
  const result = compileVerdictProgram(program, peerSets, 'nftables');
  if (result.kind === 'refused') return result;
  const ordered = saidByClass(result.program);
  const rules = program.tiers.flatMap((tier) => tier.rules);
  const logs = rules.some(({ action }) => action === 'log');
  const forClass = (sets: MembershipsOfPeer): ClassTuples => {
    const verdicts = verdictsForClass(ordered, sets);
    return {
      allowed: tuplesOfVerdicts(verdicts, ({ action }) => action === 'allow'),
      logged: logs ? tuplesOfVerdicts(verdicts, ({ isLogged }) => isLogged) : [],
    };
  };
  const { wanted, asksEveryClass } = ordered;
  return {
    kind: 'accepted',
    program: { anyPeer: [], wanted, asksEveryClass, logs, asksSourcePorts: rules.some(asksSourcePorts), forClass },
  };
}

/** A program that says nothing itself: others are asked in its place (`own-end-programs.ts`). It is refused where one of them would be. */
function compileOwnEnd(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): CompiledTuples {
  const result = compileTupleProgram(withoutOwnEnd(program), peerSets);
  if (result.kind === 'refused') return result;
  const missing = ownEndSets(program).find((set) => !peerSets.has(set));
  if (missing !== undefined) return { kind: 'refused', reason: `a rule refers to a peer set that is not there: ${missing}` };
  const forClass = (): ClassTuples => ({ allowed: [], logged: [] });
  return {
    kind: 'accepted',
    program: { anyPeer: [], wanted: new Map(), asksEveryClass: false, logs: false, asksSourcePorts: false, forClass },
  };
}

function additive(program: AdditiveProgram): TupleProgram {
  const { anyPeer, wanted, asksEveryClass } = program;
  const forClass = (sets: MembershipsOfPeer): ClassTuples => ({ allowed: tuplesForClass(program, { sets }), logged: [] });
  return { anyPeer, wanted, asksEveryClass, logs: false, asksSourcePorts: false, forClass };
}
