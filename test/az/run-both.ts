/**
 * A process inside a network namespace: the command lines of standard input (a list of lists of words, as JSON), one
 * after the other, with the real az and with Weir's. Writes a list of both outcomes.
 */
import { text } from 'node:stream/consumers';
import { ArmEndpoint } from '../../packages/aks/test/support/arm-endpoint.ts';
import { RealAz, WeirAz } from './az-side.ts';
import type { AzOutcome } from './run-weir-az.ts';

const lines = JSON.parse(await text(process.stdin)) as readonly (readonly string[])[];
const real = new RealAz(await ArmEndpoint.start());
const weir = new WeirAz(await ArmEndpoint.start());
const outcomes: { readonly az: AzOutcome; readonly weir: AzOutcome }[] = [];
try {
  for (const line of [
    ['cloud', 'register', '-n', 'WeirLab', '--endpoint-resource-manager', real.endpoint.arm.base],
    ['cloud', 'set', '-n', 'WeirLab'],
    ['login', '--service-principal', '-u', '{application}', '-p', '@{home}/secret', '--tenant', '{tenant}'],
    ['provider', 'register', '-n', 'Microsoft.ContainerService'],
  ]) {
    const { code, stderr } = await real.run(line);
    if (code !== 0) throw new Error(`az ${line[0] ?? ''} ended with ${code}: ${stderr}`);
  }
  for (const line of lines) {
    const [az, ours] = await Promise.all([real.run(line), weir.run(line)]);
    outcomes.push({ az, weir: ours });
  }
} finally {
  await Promise.all([real.close(), weir.close()]);
}
process.stdout.write(JSON.stringify(outcomes));
