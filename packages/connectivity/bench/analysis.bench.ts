/**
 * Cost of analysis: from a cluster's objects in memory to who may talk to whom.
 *
 *   npm run bench:analysis                      all but the mutual world
 *   npm run bench:analysis -- unique blocks     these worlds
 *   npm run bench:analysis -- mutual            minutes: each question about a pod there is one about 10 000 policies
 *
 * `world.ts` says what the worlds are made of. Each is measured in a process of its own, with the packages as they are
 * built. Times depend on the machine, counts do not.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Taken, WorldResult } from './measured-process.ts';
import { worlds } from './world.ts';

function measured(name: string): Promise<WorldResult> {
  const child = fork(fileURLToPath(new URL('./measured-process.js', import.meta.url)), [name], { execArgv: ['--expose-gc'] });
  process.once('exit', () => child.kill());
  return new Promise((resolve, reject) => {
    let result: WorldResult | undefined;
    child.on('message', (message: { result?: WorldResult }) => {
      result = message.result ?? result;
    });
    child.on('exit', (code, signal) => {
      if (result === undefined) reject(new Error(`the measured process ended with ${signal ?? code} and no result`));
      else resolve(result);
    });
  });
}

function print(name: string, result: WorldResult): void {
  const { pods, policies, labelSets, classes, traffic, pairs, allowed, load, classify, allPairs } = result;
  console.log(`\n${name}: ${pods} pods of ${labelSets} label sets, ${policies} policies`);
  console.log(`  classes of ends ${classes}, of traffic ${traffic}; ${pairs} pairs of pods`);
  console.log(`  ${allowed} flows allowed, of a pair and a class of traffic`);
  const all = [load, classify, allPairs].reduce((sum, one) => ({ ms: sum.ms + one.ms, cpuMs: sum.cpuMs + one.cpuMs }));
  console.log(`  load ${times(load)}, classes ${times(classify)}, all pairs ${times(allPairs)}; in all ${times(all)}`);
  console.log(`  peak RSS ${megabytes(result.peakRss)} (objects before ${megabytes(result.rssBefore)})`);
  const judged = `judged ${result.judgedUs.toFixed(1)} µs (mean of processors ${result.judgedCpuUs.toFixed(1)} µs)`;
  const { lookedUpUs } = result;
  console.log(
    `  one question: looked up ${lookedUpUs.toFixed(1)} µs, ${judged}, explained with all policies of the cluster ${(result.explainedUs / 1000).toFixed(1)} ms (medians)`,
  );
  for (const { kind, edits, changing, edit, diff, first, longest } of result.edits) {
    const which = `${kind} (${changing} of ${edits} change connections)`;
    console.log(
      `  one policy edited, ${which}: snapshot after it ${times(edit)}, what changes ${times(diff)}; the first ${times(first)}, the longest other ${times(longest)}`,
    );
  }
  for (const { pods: selected, edits } of result.broadEdits) {
    for (const { kind, connections, pairs: changed, diff } of edits)
      console.log(`  a policy of ${selected} pods ${kind}: ${changed} pairs in ${connections} connections change, ${times(diff)}`);
  }
}

function times({ ms, cpuMs }: Taken): string {
  return `${ms.toFixed(0)} ms (${cpuMs.toFixed(0)} ms of processors)`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

const chosen = process.argv.slice(2);
const usual = worlds.filter(({ isMutual }) => !isMutual).map(({ name }) => name);
for (const name of [...worlds.map((world) => world.name), 'blocks']) {
  if (chosen.includes(name) || (chosen.length === 0 && [...usual, 'blocks'].includes(name))) print(name, await measured(name));
}
