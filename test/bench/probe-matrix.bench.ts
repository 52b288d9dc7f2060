/**
 * `weir matrix --probe` of many pods: run with `npm run bench:matrix [-- PODS [NODES]]` after a build, as root.
 *
 * A cluster of its own with as many built-in agnhost pods and a set of policies that denies about half
 * of all flows; all pairs on two ports, one served and one not, tried with real connections.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { LabCluster } from '../support/lab-cluster.ts';
import { matrixNamespaceOptions, matrixPorts, matrixWorld } from '../support/matrix-world.ts';
import { withLab } from './with-lab.ts';

const [podCount = 100, nodeCount = 3] = process.argv.slice(2).map(Number);

interface Answer {
  readonly cells: readonly { readonly computed: string; readonly probed?: string }[];
  readonly differences: number;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(lab: LabCluster): Promise<number> {
  await lab.kubectlOutput('apply -f -', matrixWorld(podCount));
  await lab.kubectlOutput('wait --for=condition=Ready pod --all -A --timeout=300s');
  const ports = [matrixPorts.served, matrixPorts.unserved].flatMap((port) => ['--port', String(port)]);
  const start = performance.now();
  const { code, stdout } = await runVisibly(lab, [
    'matrix',
    '--probe',
    '-o',
    'json',
    '--name',
    lab.name,
    ...matrixNamespaceOptions,
    ...ports,
  ]);
  const took = (performance.now() - start) / 1000;
  const { cells, differences } = JSON.parse(stdout) as Answer;
  const counts = new Map<string, number>();
  for (const { computed, probed } of cells) {
    const key = `${computed}/${probed ?? 'not tried'}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  print(
    `${podCount} pods on ${nodeCount} nodes, ${cells.length} flows: ${took.toFixed(1)} s, ${differences} differences, exit code ${code}`,
  );
  print(`computed/tried: ${[...counts].map(([key, count]) => `${key} ${count}`).join(', ')}`);
  return code;
}

/** Runs the built `weir` with its progress on this terminal. */
function runVisibly(lab: LabCluster, args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    const weir = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'weir.js');
    const child = spawn(process.execPath, [weir, ...args], { env: { ...process.env, ...lab.env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout }));
  });
}

const { result, downCode } = await withLab(nodeCount, run);
process.exit(downCode === 0 ? result : 1);
