/**
 * From delta to kernel, on every back end (HNS: through the emulator): a whole state from empty, then
 * single changes to it. Needs root.
 *
 *   npm run bench:apply -- [--quick] [--dataplane NAME]… [--rounds R] [--policies N] [--blocks N]
 *
 * Two states: policies that each let one app into one of 250 pods, and one policy with many blocks.
 * Rounds go through all back ends in turn, each measurement in a process and a network namespace of
 * its own. Figures are medians of the rounds; in parentheses how many times that of nftables they are.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createNetns, deleteNetns } from '@weir/kernel';
import { interruption, runProgram } from '@weir/testkit';
import { backEnds } from '../packets/back-ends.ts';
import type { ApplyFigures } from './apply-process.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    dataplane: { type: 'string', multiple: true, default: backEnds.map(({ name }) => name) },
    rounds: { type: 'string' },
    policies: { type: 'string' },
    blocks: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const workloads = [
  { name: 'policies', count: values.policies ?? (values.quick ? '1000' : '10000') },
  { name: 'blocks', count: values.blocks ?? (values.quick ? '10000' : '100000') },
].filter(({ count }) => count !== '0');

const interrupted = interruption();

/** One measurement, in a namespace that is gone afterwards. */
async function measure(dataplane: string, workload: string, count: string): Promise<ApplyFigures> {
  interrupted.throwIfAborted();
  const netns = `weirt-${randomBytes(3).toString('hex')}-apply`;
  createNetns(netns);
  try {
    const script = fileURLToPath(new URL('apply-process.ts', import.meta.url));
    const args = ['--conditions=source', '--import', 'tsx', script, dataplane, netns, workload, count];
    const { code, stdout, stderr } = await runProgram(process.execPath, args);
    if (code !== 0) throw new Error(`${dataplane}, ${count} ${workload}: exit ${code}\n${stderr}`);
    return JSON.parse(stdout) as ApplyFigures;
  } finally {
    deleteNetns(netns);
  }
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
}

/** The times that are compared between back ends, by what they are of. */
function timesOf({ loadMs, changes }: ApplyFigures): [string, number][] {
  return [['from empty', loadMs], ...Object.entries(changes)];
}

function describe(own: readonly ApplyFigures[], reference: readonly ApplyFigures[]): string {
  const [first] = own;
  if (first === undefined) return 'nothing measured';
  const times = timesOf(first).map(([what], i) => {
    const of = (each: ApplyFigures): number => timesOf(each)[i]?.[1] ?? Number.NaN;
    const milliseconds = median(own.map(of));
    const ratio = own === reference || reference.length === 0 ? '' : ` (${(milliseconds / median(reference.map(of))).toFixed(1)})`;
    return `${what} ${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms${ratio}`;
  });
  const cpu = median(own.map(({ loadCpuMs }) => loadCpuMs)).toFixed(0);
  const calc = median(own.map(({ calcMs }) => calcMs)).toFixed(0);
  const rss = (median(own.map((each) => each.peakRss)) / 1e6).toFixed(0);
  return `${times.join(', ')}; from empty ${cpu} ms of its own processor time, ${first.elements} elements; policies to delta ${calc} ms; peak RSS ${rss} MB`;
}

for (const { name, count } of workloads) {
  const figures = new Map<string, ApplyFigures[]>(values.dataplane.map((dataplane) => [dataplane, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [dataplane, list] of figures) list.push(await measure(dataplane, name, count));
  }
  console.log(name === 'blocks' ? `one policy with ${count} blocks` : `${count} policies`);
  for (const [dataplane, list] of figures) console.log(`  ${dataplane}: ${describe(list, figures.get('nftables') ?? [])}`);
}
