/** Runs command lines of `weir calicoctl` in this process, against a server or none. */
import { Readable, Writable } from 'node:stream';
import { loadKubeconfig } from '@weir/client';
import { runCalicoctl } from '../../src/index.ts';

/** What came of one. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line. `input`: what standard input holds; anything but a text as JSON. */
export type RunWords = (
  args: string | readonly string[],
  input?: unknown,
  environment?: Readonly<Record<string, string>>,
) => Promise<Outcome>;

/** Runs lines with the kubeconfig that is there by then. */
export function runWords(kubeconfig: () => string): RunWords {
  return async (args, input = '', environment = {}) => {
    const said = { stdout: '', stderr: '' };
    const sink = (name: 'stdout' | 'stderr'): Writable =>
      new Writable({
        write: (piece: Buffer, _encoding, done) => {
          said[name] += piece.toString();
          done();
        },
      });
    const text = typeof input === 'string' ? input : JSON.stringify(input);
    const code = await runCalicoctl({
      args: typeof args === 'string' ? args.split(' ') : args,
      environment,
      streams: { stdin: Readable.from([Buffer.from(text)]), stdout: sink('stdout'), stderr: sink('stderr') },
      findConnection: (choice) => loadKubeconfig(choice.kubeconfig ?? kubeconfig(), choice.context),
      version: '0.0.0',
    });
    return { code, ...said };
  };
}
