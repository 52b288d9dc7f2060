/** What the kernel holds compared with what was written, and the way back. */
import type { Family } from '@weir/net';
import type { FilterWriter, WantedFilter } from './filter-writer.ts';
import { type JumpOptions, jumpCommands } from './hook-jumps.ts';
import { addCommand, createCommands, deleteCommand, isRuntimeSet, memberDifference } from './ipset.ts';
import { isWeirSet } from './names.ts';
import { weirChainsOf } from './rule-script.ts';

const families = [4, 6] as const;
/** Members of one set that a report names. */
const namedMax = 5;

/** What had drifted and how to repair it. */
export interface FoundDrift {
  readonly drifted: readonly string[];
  readonly setCommands: readonly string[];
  /** Families of which chains or jumps differ. */
  readonly families: readonly Family[];
}

/** Compares; undefined when nothing has drifted. */
export async function findDrift(writer: FilterWriter, jumps: JumpOptions): Promise<FoundDrift | undefined> {
  const sets = await driftOfSets(writer);
  const drifted = [...sets.drifted];
  const differing: Family[] = [];
  for (const family of families) {
    const found = await driftOfChains(writer, family, jumps);
    if (found.length > 0) differing.push(family);
    drifted.push(...found);
  }
  return drifted.length === 0 ? undefined : { drifted, setCommands: sets.commands, families: differing };
}

/** Puts right what was found: sets before the chains that ask them. */
export async function repairDrift(writer: FilterWriter, found: FoundDrift, wanted: WantedFilter): Promise<void> {
  await writer.filter.changeSets(found.setCommands);
  for (const family of found.families) await writer.rewrite(family, wanted.chains[family]);
  await writer.destroyBusy();
}

async function driftOfSets(writer: FilterWriter): Promise<{ readonly drifted: string[]; readonly commands: string[] }> {
  const saved = await writer.filter.savedSets();
  const drifted: string[] = [];
  const commands: string[] = [];
  for (const [name, wanted] of writer.sets) {
    const found = saved.get(name);
    if (found === undefined || found.type !== wanted.type) {
      drifted.push(`set ${name}: missing`);
      commands.push(...createCommands(wanted));
      continue;
    }
    const { missing, surplus } = memberDifference(wanted, found);
    if (missing.length > 0) drifted.push(`set ${name}: ${missing.length} members missing (${missing.slice(0, namedMax).join(', ')})`);
    if (surplus.length > 0) drifted.push(`set ${name}: ${surplus.length} members too many (${surplus.slice(0, namedMax).join(', ')})`);
    commands.push(...surplus.map((member) => deleteCommand(name, member)));
    commands.push(...missing.map((member) => addCommand(name, member, wanted.members.get(member) ?? '')));
  }
  for (const name of saved.keys()) {
    if (!isWeirSet(name) || isRuntimeSet(name) || writer.sets.has(name) || writer.busySets.includes(name)) continue;
    drifted.push(`set ${name}: not Weir's making`);
    commands.push(`destroy ${name}`);
  }
  return { drifted, commands };
}

async function driftOfChains(writer: FilterWriter, family: Family, jumps: JumpOptions): Promise<string[]> {
  const table = await writer.saved(family);
  const wanted = writer.printed(family);
  const found = weirChainsOf(table);
  const drifted: string[] = [];
  for (const [name, text] of wanted) {
    const rules = found.get(name);
    if (rules === undefined) drifted.push(`chain ${name} (IPv${family}): missing`);
    else if (rules.map((rule) => rule.text).join('\n') !== text) drifted.push(`chain ${name} (IPv${family}): other rules`);
  }
  for (const name of found.keys()) if (!wanted.has(name)) drifted.push(`chain ${name} (IPv${family}): not Weir's making`);
  if (jumpCommands(table, jumps).length > 0) drifted.push(`jumps to Weir (IPv${family}): missing or moved`);
  return drifted;
}
