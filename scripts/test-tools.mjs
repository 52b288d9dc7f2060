/** What tests need beside the set-up of everybody: a browser, and other lines of Node. Installed by `npm test` alone. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installDebianPackages, MachineError, missingDebianPackages, testPackages } from './machine.mjs';
import { capture } from './run.mjs';
import { root, step } from './setup.mjs';

/** Installs what is missing. */
export function installTestTools() {
  step('Debian packages of tests', () => {
    const missing = missingDebianPackages(testPackages);
    if (missing.length === 0) return `${Object.keys(testPackages).length} there`;
    installDebianPackages(missing);
    return `installed ${missing.join(', ')}`;
  });
  // npm has them as programs for x64 Linux only. They are apart: their programs must not take the place of the Node that runs all else.
  if (process.platform === 'linux' && process.arch === 'x64') step('other lines of Node', installOtherNodes);
}

function installOtherNodes() {
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
}
