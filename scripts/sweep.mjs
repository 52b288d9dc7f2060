/**
 * Removes what an interrupted test run left behind: its clusters, its network namespaces, its mounts,
 * its files. A run that ends by itself leaves nothing, and then nothing is done here.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './run.mjs';

const netnsDirectory = '/run/netns';

/** The namespaces that tests may have made: their names are random behind these beginnings. */
const testNamespace = /^(weirt-|weir-weirt-|weir-demo)/;

/** Notes what is there before a run; gives the function that removes what the run added. */
export function prepareSweep(directory, weir) {
  const before = new Set(testNamespaces());
  return () => {
    for (const [state, run] of stateDirectories(directory)) {
      const env = { ...process.env, WEIR_STATE_DIR: state, WEIR_RUN_DIR: run };
      capture(process.execPath, [weir, 'down', '--all', '--quiet'], { env, timeout: 120_000 });
    }
    const left = testNamespaces().filter((name) => !before.has(name));
    for (const name of left) capture('ip', ['netns', 'delete', name]);
    for (const mount of mountsBelow(directory)) capture('umount', ['--lazy', mount]);
    rmSync(directory, { recursive: true, force: true });
  };
}

function testNamespaces() {
  return existsSync(netnsDirectory) ? readdirSync(netnsDirectory).filter((name) => testNamespace.test(name)) : [];
}

/** Pairs of state and run directories of clusters: `…/state` beside `…/run`, at any depth that tests use. */
function stateDirectories(directory, depth = 0) {
  if (depth > 3 || !existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
    if (/^state(-\d+)?$/.test(name) && existsSync(join(path, 'clusters'))) return [[path, join(directory, name.replace('state', 'run'))]];
    return stateDirectories(path, depth + 1);
  });
}

/** Mount points below the directory, the innermost first. */
function mountsBelow(directory) {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${directory}/`));
  return points.sort((a, b) => b.length - a.length);
}
