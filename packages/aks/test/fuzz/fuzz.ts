/**
 * `npm run fuzz:aks -- [--seed S] [--inputs N]`: hostile requests, tokens and bytes against the ARM endpoint. Exit code
 * 1 when something must not have happened, 2 for wrong usage. Inputs build on each other: the same seed repeats them all.
 */
import { parseArgs } from 'node:util';
import { fuzzArm } from './fuzz-arm.ts';

const usage = `npm run fuzz:aks -- [--seed S] [--inputs N]
Sends N (10000) hostile requests, tokens and bytes to an ARM endpoint of its own; the seed (0) repeats a run.
Exit code 0: nothing found; 1: findings, printed; 2: wrong usage.
`;
const options = {
  seed: { type: 'string', default: '0' },
  inputs: { type: 'string', default: '10000' },
  help: { type: 'boolean' },
} as const;
const values = readArguments();

function readArguments(): { readonly seed: string; readonly inputs: string } {
  try {
    const { values: given } = parseArgs({ options });
    if (given.help !== true) return given;
    process.stdout.write(usage);
    return process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return process.exit(2);
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  process.stderr.write(`--${option} is '${text}'; give a whole number below 10^9\n`);
  return process.exit(2);
}

const seed = wholeNumber('seed', values.seed);
const inputs = wholeNumber('inputs', values.inputs);
const startedAt = performance.now();
const { findings, statuses } = await fuzzArm({ seed, inputs, onProgress: (done) => process.stderr.write(`${done} inputs\n`) });
for (const finding of findings) process.stdout.write(`${finding}\n\n`);
const counted = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'no request' : status}: ${count}`);
process.stdout.write(`${counted.join(' · ')}\n`);
process.stdout.write(
  `seed ${seed}: ${inputs} inputs, ${findings.length} findings, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
