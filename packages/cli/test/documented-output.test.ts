/** What the README and the pages of `docs` show of commands is what they print: every block of a console, run in the project's folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** A command of a page with the lines that it is said to print; `…` stands for any. */
interface ShownCommand {
  readonly page: string;
  readonly command: string;
  readonly lines: readonly string[];
}

const pages = ['README.md', ...readdirSync(join(root, 'docs'), 'utf8').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : []))];

/** Commands of which a page shows no output are not run: some are about files that are not here. */
function shownIn(page: string): ShownCommand[] {
  const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```console\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .flatMap((entry) => {
        const [command = '', ...lines] = entry.trimEnd().split('\n');
        return lines.length === 0 ? [] : [{ page, command, lines }];
      }),
  );
}

const anything = '…';

/** Whether the lines are all that was printed, but for what stands at the places of `…`. */
function isShown(printed: readonly string[], lines: readonly string[]): boolean {
  const [line, ...others] = lines;
  if (line === undefined) return printed.length === 0;
  if (line !== anything) return printed[0] === line && isShown(printed.slice(1), others);
  return printed.some((_, at) => isShown(printed.slice(at), others)) || others.length === 0;
}

const commands = pages.flatMap(shownIn);

describe('a page of the documentation', () => {
  it('shows what commands print', () => {
    expect(new Set(commands.map(({ page }) => page))).toContain('README.md');
  });

  it.each(commands)('$page shows what is printed by: $command', async ({ command, lines }) => {
    const weir = `weir() { "${process.execPath}" "${join(root, 'packages', 'cli', 'bin', 'weir.js')}" "$@"; }`;
    const { stdout } = await runProgram('bash', ['-c', `${weir}; cd "${root}"; ${command}`], { env: { KUBECONFIG: undefined } });
    const printed = stdout.trimEnd().split('\n');
    expect(isShown(printed, lines), stdout).toBe(true);
  });
});
