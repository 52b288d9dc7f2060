/** `weir version`. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Command } from '../command.ts';
import { exitCode } from '../exit-code.ts';

/** Prints the version of Weir, Node and the kernel. */
export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the versions of Weir, Node and the kernel',
  examples: ['weir version', 'weir version -o json'],
  run: ({ output }) => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    const versions = { weir: version, node: process.versions.node, kernel: release() };
    if (output.json) output.resultJson(versions);
    else output.result(`weir ${version} · Node ${versions.node} · kernel ${versions.kernel}`);
    return Promise.resolve(exitCode.done);
  },
};
