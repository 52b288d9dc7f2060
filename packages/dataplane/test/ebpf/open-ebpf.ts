/**
 * A process that makes an eBPF back end with the pin directory of its argument, and prints as JSON what
 * came of it: `made`, or the reason, and how many descriptors it holds more than before.
 */
import { readdirSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { createEbpfDataplane } from '../../src/ebpf/index.ts';

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const before = descriptors();
let outcome = 'made';
try {
  createEbpfDataplane({ podInterfaces: ['weirt'], pinDirectory: argv[2] ?? '' });
} catch (error) {
  outcome = error instanceof Error ? error.message : String(error);
}
stdout.write(JSON.stringify({ outcome, descriptors: descriptors() - before }));
process.exit();
