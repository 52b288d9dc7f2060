/** Runs the built command as a user does. */
import { join } from 'node:path';
import { type Finished, type RunProgramOptions, runProgram } from '@weir/testkit';

/** Runs `weir` with the arguments; no cluster of the surroundings is seen unless `env` names one. */
export function runWeir(args: readonly string[], { env, input }: RunProgramOptions = {}): Promise<Finished> {
  const bin = join(import.meta.dirname, '..', 'bin', 'weir.js');
  return runProgram(process.execPath, [bin, ...args], { env: { KUBECONFIG: undefined, ...env }, input });
}
