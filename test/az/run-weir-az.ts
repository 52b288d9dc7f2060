/** One command of `weir az` in this process, signed in to an endpoint that is in this process, too. */
import { PassThrough } from 'node:stream';
import { runAz } from '@weir/az';
import type { ArmEndpoint } from '../../packages/aks/test/support/arm-endpoint.ts';

/** What a command came to. */
export interface AzOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface AzRun {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it keeps what it knows. */
  readonly directory: string;
  /** What somebody at the terminal answers, in the order of the questions; left out: there is no terminal. */
  readonly answers?: readonly string[] | undefined;
  /** Aborted: the person has stopped it. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs it to its end. */
export async function runWeirAz(
  { arm: { base, state }, authority, secret }: ArmEndpoint,
  { args, environment, directory, answers, signal = new AbortController().signal }: AzRun,
): Promise<AzOutcome> {
  const stdin = Object.assign(new PassThrough(), { isTTY: answers !== undefined, setRawMode: () => undefined });
  const [stdout, stderr] = [new Collected(), new Collected()];
  const left = [...(answers ?? [])];
  // Every question ends with a colon.
  stderr.onText = (text) => {
    if (text.endsWith(': ') && left.length > 0) stdin.write(`${left.shift() ?? ''}\n`);
  };
  const [principal] = state.identity.principals;
  const application = principal?.application ?? '';
  const { tenant } = state.identity;
  const code = await runAz({
    args,
    environment,
    streams: { stdin, stdout, stderr },
    signal,
    machineAccount: () => Promise.resolve({ cloud: 'WeirLab', base, authority, application, secret, tenant }),
    directory,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A stream that keeps what was written. */
class Collected extends PassThrough {
  text = '';
  onText: (text: string) => void = () => undefined;

  constructor() {
    super();
    this.on('data', (piece: Buffer) => {
      this.text += piece.toString();
      this.onText(this.text);
    });
  }
}
