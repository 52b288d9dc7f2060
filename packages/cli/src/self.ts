/** How this program starts itself, and where the tools are that set-up unpacked. */
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Program and first arguments of `weir`: this very Node with this very checkout's command. */
export const weirCommand: readonly string[] = [process.execPath, fileURLToPath(new URL('../bin/weir.js', import.meta.url))];

/** The directory of the unmodified kubectl that set-up unpacks; undefined when set-up has not run here. */
function toolsDirectory(): string | undefined {
  const directory = fileURLToPath(new URL('../../../.setup/bin', import.meta.url));
  return existsSync(directory) ? directory : undefined;
}

/** A PATH on which kubectl is found: that of set-up first. */
export function pathWithTools(): string {
  const tools = toolsDirectory();
  const path = process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return tools === undefined || path.split(delimiter).includes(tools) ? path : `${tools}${delimiter}${path}`;
}

/** A file of the checkout, for example an example's manifest. */
export function checkoutFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** A word as a POSIX shell reads it back. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
