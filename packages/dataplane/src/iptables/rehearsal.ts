/**
 * Asks the kernel about programs without putting them into force: their sets and chains are made, and
 * nothing leads there. What is accepted stays until the next whole write takes it away or uses it.
 */
import { findCulprits } from '../quarantine/find-culprits.ts';
import type { FilterWriter, WantedFilter } from './filter-writer.ts';
import type { NodeState } from './node-state.ts';
import { PacketFilterError } from './packet-filter.ts';
import type { ProgramInForce } from './programs-in-force.ts';

/** The programs of the state, under names that nothing in force has, that the kernel refuses, each with its reason. */
export async function refusedPrograms(
  writer: FilterWriter,
  state: NodeState,
  shared: WantedFilter['chains'],
): Promise<Map<string, string>> {
  const suspects = state.suspects();
  const accepted = new Set<ProgramInForce>();
  const refusalOf = async (programs: readonly ProgramInForce[]): Promise<string | undefined> => {
    const sets = programs.flatMap(({ program: { key } }) => state.programs.expressionsOf(key).flatMap((each) => Object.values(each.sets)));
    const chains = (family: 4 | 6) => [...shared[family], ...programs.flatMap((program) => program.chains[family])];
    try {
      await writer.prepare({ sets: [...new Set(sets)], chains: { 4: chains(4), 6: chains(6) } });
      for (const program of programs) accepted.add(program);
      return undefined;
    } catch (error) {
      if (error instanceof PacketFilterError && error.code === 'refused') return `the kernel refuses it: ${error.message}`;
      throw error;
    }
  };
  const culprits = await findCulprits(suspects, (leftOut) =>
    refusalOf(suspects.filter((program) => !leftOut.has(program) && !accepted.has(program))),
  );
  return new Map(
    [...(culprits ?? [])].map(
      ([
        {
          program: { key },
        },
        reason,
      ]) => [key, reason],
    ),
  );
}
