/** The prober as the benchmark sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Lane, ProberAnswer, ProberOrder } from './prober-protocol.ts';

const script = fileURLToPath(new URL('prober.ts', import.meta.url));

/** A running prober; {@link close} ends it. */
export class ProberProcess {
  readonly #child: ChildProcess;

  constructor() {
    // A clock that is late measures nothing: the prober is served before what it measures.
    this.#child = fork(script, {
      execPath: 'chrt',
      execArgv: ['--rr', '50', process.execPath, '--conditions=source', '--import', import.meta.resolve('tsx')],
    });
  }

  /** Sends on these lanes from now on. */
  send(lanes: readonly Lane[], datagramsPerSecond: number): void {
    this.#order({ kind: 'lanes', lanes, datagramsPerSecond });
  }

  /** Waits until every lane is as wanted; throws when the prober ends. */
  settle(order: Omit<Extract<ProberOrder, { kind: 'settle' }>, 'kind'>): Promise<ProberAnswer> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the prober ended'));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer: ProberAnswer) => {
        this.#child.off('exit', ended);
        resolve(answer);
      });
      this.#order({ kind: 'settle', ...order });
    });
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #order(order: ProberOrder): void {
    this.#child.send(order);
  }
}
