/** The other lines of Node on which tests try the commands that only compute: installed apart, by `npm test` alone. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MachineError } from './machine.mjs';
import { capture } from './run.mjs';
import { root, step } from './setup.mjs';

/** Installs them unless they are there; npm has them as programs for x64 Linux only. */
export function installOtherNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return;
  step('other lines of Node', () => {
    const folder = join(root, 'test', 'nodes');
    const stamp = join(folder, 'node_modules', '.weir-setup');
    const wanted = createHash('sha256')
      .update(readFileSync(join(folder, 'package-lock.json')))
      .digest('hex');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 'there';
    const result = capture('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    if (result.code !== 0)
      throw new MachineError(`npm ci failed in test/nodes: check the network and run this again.\n${result.stderr.trim()}`);
    writeFileSync(stamp, wanted);
    return 'installed';
  });
}
