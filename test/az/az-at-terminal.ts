/** `weir az` against an endpoint in this process, with somebody at a terminal who answers its questions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runAz } from '@weir/az';
import { ArmEndpoint } from '../../packages/aks/test/support/arm-endpoint.ts';

/** What a command came to. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunForm {
  /** The answers, in the order of the questions; left out: there is no terminal. */
  readonly answers?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
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
  async run(line: string, { answers, environment = {} }: RunForm = {}): Promise<Outcome> {
    const stdin = Object.assign(new PassThrough(), { isTTY: answers !== undefined, setRawMode: () => undefined });
    const [stdout, stderr] = [new Collected(), new Collected()];
    const left = [...(answers ?? [])];
    // Every question ends with a colon.
    stderr.onText = (text) => {
      if (text.endsWith(': ') && left.length > 0) stdin.write(`${left.shift() ?? ''}\n`);
    };
    const { base, state } = this.endpoint.arm;
    const [principal] = state.identity.principals;
    const code = await runAz({
      args: line.split(' '),
      environment: { HOME: this.home, ...environment },
      streams: { stdin, stdout, stderr },
      signal: new AbortController().signal,
      machineAccount: () =>
        Promise.resolve({
          cloud: 'WeirLab',
          base,
          authority: this.endpoint.authority,
          application: principal?.application ?? '',
          secret: this.endpoint.secret,
          tenant: state.identity.tenant,
        }),
      directory: join(this.home, 'weir-az'),
    });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** The output of a line that must succeed. */
  async output(line: string, form: RunForm = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, form);
    if (code !== 0) throw new Error(`az ${line} ended with ${code}: ${stderr}`);
    return stdout;
  }
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
