/**
 * The programs `iptables`, `ip6tables` and `ipset` of one flavour, each call one batch.
 *
 * The lock of iptables is waited for. What a program refuses is an error with the program's words.
 */
import { NetnsPrograms, type ProgramResult } from '@weir/kernel';
import type { Family } from '@weir/net';
import { parseSavedSets, type SavedIpset } from './ipset.ts';
import { parseSavedTable, type SavedTable } from './rule-script.ts';

/** Which kernel interface the rules use; programs of one do not see the rules of the other. */
export type IptablesFlavour = 'nft' | 'legacy';

/**
 * Why nothing came of it: `refused`: by the program or the kernel, for what it was given; `locked`: others held the
 * lock of iptables too long; `missing`: the program is not installed; `undecided`: it is not clear which flavour is meant.
 */
type PacketFilterErrorCode = 'refused' | 'locked' | 'missing' | 'undecided';

/** What a program said, or what is to be done that it can be asked. */
export class PacketFilterError extends Error {
  override readonly name = 'PacketFilterError';
  readonly code: PacketFilterErrorCode;

  constructor(code: PacketFilterErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const lockSeconds = 60;
const programNames = { 4: 'iptables', 6: 'ip6tables' } as const;

/** Runs in the network namespace in which it was made. */
export class PacketFilter {
  readonly #programs = new NetnsPrograms();

  /** One commit of rules; everything or nothing. */
  async restore(flavour: IptablesFlavour, family: Family, script: string): Promise<void> {
    const program = `${programNames[family]}-${flavour}-restore`;
    await this.#checked(program, ['--noflush', '--wait', String(lockSeconds)], script);
  }

  /** What `-save` prints, with counters; no table where none is. */
  async savedText(flavour: IptablesFlavour, family: Family): Promise<string> {
    const { stdout } = await this.#checked(`${programNames[family]}-${flavour}-save`, ['-c']);
    return stdout;
  }

  async saved(flavour: IptablesFlavour, family: Family): Promise<SavedTable> {
    return parseSavedTable(await this.savedText(flavour, family));
  }

  /** One batch of commands, in order; what comes before a refused one has taken effect. */
  async changeSets(commands: readonly string[]): Promise<void> {
    if (commands.length > 0) await this.#checked('ipset', ['restore'], `${commands.join('\n')}\n`);
  }

  /** Every set of the namespace. */
  async savedSets(): Promise<Map<string, SavedIpset>> {
    return parseSavedSets((await this.#checked('ipset', ['save'])).stdout);
  }

  /** The names of all sets. */
  async setNames(): Promise<string[]> {
    return (await this.#checked('ipset', ['list', '-name'])).stdout.split('\n').filter((name) => name !== '');
  }

  /** Destroys sets; gives back those that the kernel still holds, because rules are let go of some time after their commit. */
  async destroySets(names: readonly string[]): Promise<string[]> {
    let left = [...names];
    let busy: string[] = [];
    while (left.length > 0) {
      const { code, stderr } = await this.#run('ipset', ['restore'], `${left.map((name) => `destroy ${name}`).join('\n')}\n`);
      if (code === 0) return busy;
      const line = Number(/line (\d+)/.exec(stderr)?.[1] ?? 1);
      const refused = left[line - 1];
      if (refused !== undefined && !stderr.includes('does not exist')) busy = [...busy, refused];
      left = left.slice(line);
    }
    return busy;
  }

  close(): void {
    this.#programs.close();
  }

  async #checked(program: string, args: readonly string[], input?: string): Promise<ProgramResult> {
    const result = await this.#run(program, args, input);
    if (result.code === 0) return result;
    const words = result.stderr.trim().split('\n').slice(0, 3).join('; ');
    // A signal is nobody's refusal.
    if (result.code < 0) throw new Error(`${program} was ended before it was done`);
    const code = /xtables lock/.test(words) ? 'locked' : 'refused';
    throw new PacketFilterError(code, `${program} refused: ${words || `exit code ${result.code}`}`);
  }

  async #run(program: string, args: readonly string[], input?: string): Promise<ProgramResult> {
    try {
      return await this.#programs.run(program, args, input);
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) throw error;
      throw new PacketFilterError(
        'missing',
        `${program} is not installed: install the packages iptables and ipset, or choose another data plane`,
      );
    }
  }
}
