/**
 * Finds the few of many that make the kernel refuse the whole, by halves.
 *
 * A back end that can only be told "all of this" hears "no" for all of it when one program does not
 * fit. Asking with a part left out tells which part it is: k culprits among n suspects take some
 * 2·k·log₂(n) questions.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** After so many questions the suspects that are still together count as culprits together. */
const questionsMax = 256;

/**
 * Why what was left out has to be left out: the refusal, or undefined when the rest is accepted. Asked
 * about more suspects left out, it must not refuse what it accepts with fewer.
 */
export type RefusalWithout<T> = (leftOut: ReadonlySet<T>) => string | undefined | Promise<string | undefined>;

/**
 * A smallest set of culprits, each with its refusal: the rest is accepted without them, and would not be
 * with any one of them. Undefined when even nothing of the suspects is refused. Others have their turn
 * between two questions.
 */
export async function findCulprits<T>(
  suspects: readonly T[],
  refusalWithout: RefusalWithout<T>,
): Promise<ReadonlyMap<T, string> | undefined> {
  const leftOut = new Set(suspects);
  if ((await refusalWithout(leftOut)) !== undefined) return undefined;
  const culprits = new Map<T, string>();
  let questions = 0;
  const admit = async (group: readonly T[]): Promise<void> => {
    await nextTurn();
    for (const suspect of group) leftOut.delete(suspect);
    const refusal = await refusalWithout(leftOut);
    if (refusal === undefined) return;
    for (const suspect of group) leftOut.add(suspect);
    if (group.length === 1 || ++questions >= questionsMax) {
      for (const suspect of group) culprits.set(suspect, refusal);
      return;
    }
    const middle = group.length >> 1;
    await admit(group.slice(0, middle));
    await admit(group.slice(middle));
  };
  if (suspects.length > 0) await admit(suspects);
  return culprits;
}
