/**
 * `npm run fuzz -- [--seed S] [--worlds N] [--changes C] [--dataplane NAME]… [--apis networkpolicy|calico|cilium|all]`:
 * random worlds on real packets, on all back ends; `--apis` chooses the policies: NetworkPolicies alone, or with them
 * ClusterNetworkPolicies and those of Calico, of Cilium or of both. Says what became of each world as it goes. Exit code 1 when a flow differs
 * from the oracle, 2 for wrong usage; a signal ends it behind the state under way, and its networks go
 * with it. What an earlier run left that was killed is taken away first.
 */
import { parseArgs } from 'node:util';
import { backEnds } from '../packets/back-ends.ts';
import { removeAbandonedNetworks } from '../packets/network-owner.ts';
import { fuzzWorlds } from './fuzz-worlds.ts';
import { worldFamilies } from './world-families.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    worlds: { type: 'string', default: '10' },
    changes: { type: 'string', default: '2' },
    apis: { type: 'string', default: 'networkpolicy' },
    dataplane: { type: 'string', multiple: true, default: backEnds.map(({ name }) => name) },
  },
});

function wholeNumber(option: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) {
    process.stderr.write(`--${option} is '${text}'; give a whole number below 10^9\n`);
    process.exit(2);
  }
  return Number(text);
}

const unknown = values.dataplane.find((name) => !backEnds.some((each) => each.name === name));
if (unknown !== undefined) {
  process.stderr.write(`--dataplane ${unknown}: there is no such back end; there are ${backEnds.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const family = worldFamilies.find(({ name }) => name === values.apis);
if (family === undefined) {
  process.stderr.write(`--apis ${values.apis}: there are no such worlds; there are ${worldFamilies.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const interrupted = new AbortController();
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.once(signal, () => {
    interrupted.abort();
    process.exitCode = 128 + number;
  });
}
for (const network of removeAbandonedNetworks()) process.stderr.write(`network ${network} of a killed run is taken away\n`);
const startedAt = performance.now();
const { counts, mismatches } = await fuzzWorlds({
  firstSeed: wholeNumber('seed', values.seed),
  family,
  worlds: wholeNumber('worlds', values.worlds),
  changes: wholeNumber('changes', values.changes),
  backEnds: backEnds.filter(({ name }) => values.dataplane.includes(name)),
  onWorld: (line) => process.stderr.write(`${line}\n`),
  onMismatch: (report) => process.stdout.write(`${report}\n\n`),
  signal: interrupted.signal,
});
for (const { backEnd, states, flows, denied } of counts) {
  process.stdout.write(`${backEnd}: ${states} states, ${flows} flows tried, ${denied} of them to be denied\n`);
}
process.stdout.write(`${mismatches.length} worlds differ from the oracle; ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
process.exitCode ??= mismatches.length === 0 ? 0 : 1;
