/** Which program a command of the demo runs: its file and its version. */
import type { CommandShell } from './command-shell.ts';

/** What is known, by the first word of a command. */
export type ProgramVersions = ReadonlyMap<string, string>;

/** How a program says its version. */
const versionLines: Readonly<Record<string, string>> = {
  az: `az version --query '"azure-cli"' --output tsv`,
  kubectl: 'kubectl version --client',
  weir: 'weir version',
};

/** Asks the programs that the shell finds, for example `az` is `/usr/bin/az 2.45.0`. */
export async function askVersions(shell: CommandShell, programs: readonly string[]): Promise<ProgramVersions> {
  const versions = new Map<string, string>();
  for (const program of programs) {
    const file = (await shell.run(`type -P ${program}`)).output.trim();
    const { output } = await shell.run(versionLines[program] ?? `${program} --version`);
    versions.set(program, `${file} ${/\d+\.\d+\.\d+[\w.-]*/.exec(output)?.[0] ?? 'of unknown version'}`);
  }
  return versions;
}
