/** `weir az` against an endpoint in this process, with somebody at a terminal who answers its questions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArmEndpoint } from '../../packages/aks/test/support/arm-endpoint.ts';
import { type AzOutcome, runWeirAz } from './run-weir-az.ts';

/** How a command is run. */
export interface RunForm {
  /** The answers, in the order of the questions; left out: there is no terminal. */
  readonly answers?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An endpoint and a home directory. */
export class AzAtTerminal {
  readonly endpoint: ArmEndpoint;
  readonly home: string;

  private constructor(endpoint: ArmEndpoint) {
    this.endpoint = endpoint;
    this.home = mkdtempSync(join(tmpdir(), 'weirt-az-'));
  }

  static async open(): Promise<AzAtTerminal> {
    return new AzAtTerminal(await ArmEndpoint.start());
  }

  async close(): Promise<void> {
    await this.endpoint.dispose();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs one command line; words are separated by spaces. */
  run(line: string, { answers, environment = {}, signal }: RunForm = {}): Promise<AzOutcome> {
    return runWeirAz(this.endpoint, {
      args: line.split(' '),
      environment: { HOME: this.home, ...environment },
      directory: join(this.home, 'weir-az'),
      answers,
      signal,
    });
  }

  /** The output of a line that must succeed. */
  async output(line: string, form: RunForm = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, form);
    if (code !== 0) throw new Error(`az ${line} ended with ${code}: ${stderr}`);
    return stdout;
  }
}
