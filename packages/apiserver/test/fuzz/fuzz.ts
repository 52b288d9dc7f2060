/**
 * `npm run fuzz:apiserver -- [--seed S] [--inputs N]`: hostile requests, frames and bytes against an API server. Exit
 * code 1 when something must not have happened, 2 for wrong usage. An input that is named can be tried again with the
 * same seed.
 */
import { parseArgs } from 'node:util';
import { fuzzApiServer } from './fuzz-apiserver.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '0' }, inputs: { type: 'string', default: '10000' } } });

function wholeNumber(option: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) {
    process.stderr.write(`--${option} is '${text}'; give a whole number below 10^9\n`);
    process.exit(2);
  }
  return Number(text);
}

const seed = wholeNumber('seed', values.seed);
const startedAt = performance.now();
const { inputs, statuses, findings } = await fuzzApiServer({
  seed,
  inputs: wholeNumber('inputs', values.inputs),
  onProgress: (done, found) => {
    process.stderr.write(`${done} inputs\n`);
    for (const finding of found) process.stderr.write(`${finding}\n\n`);
  },
});
const counted = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'no answer' : status}: ${count}`);
for (const finding of findings.filter((each) => !each.startsWith('input '))) process.stdout.write(`${finding}\n`);
process.stdout.write(`${counted.join(' · ')}\n`);
process.stdout.write(
  `seed ${seed}: ${inputs} inputs, ${findings.length} findings, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
