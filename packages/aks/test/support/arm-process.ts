/** An endpoint in a process of its own, to be killed and started again, and requests to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, issueServerCertificate } from '@weir/lab';
import { bundleProgram } from '@weir/testkit';
import { type Answered, askArm } from './arm-request.ts';

interface Told {
  readonly base: string;
  readonly subscription: string;
  readonly application: string;
  readonly secret?: string;
}

/** The process and its folder. */
export class ArmProcess {
  readonly directory: string;
  readonly #authority: string;
  #child: ChildProcess | undefined;
  #told: Told = { base: '', subscription: '', application: '' };
  #secret = '';
  #token = '';

  private constructor(directory: string, authority: string) {
    this.directory = directory;
    this.#authority = authority;
  }

  /** Starts one with nothing in it. */
  static async start(): Promise<ArmProcess> {
    const authority = await createCertificateAuthority('test');
    const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
    const pair = await issueServerCertificate(authority, { commonName: 'localhost', organizations: [] }, names);
    const directory = mkdtempSync(join(tmpdir(), 'weirt-arm-'));
    writeFileSync(join(directory, 'server.crt'), pair.certificate);
    writeFileSync(join(directory, 'server.key'), pair.key, { mode: 0o600 });
    await bundleProgram(join(import.meta.dirname, 'arm-child.ts'), directory);
    const arm = new ArmProcess(directory, authority.certificate);
    await arm.startAgain();
    return arm;
  }

  /** Starts it on what the one before has left; throws what it says when it does not come up. */
  async startAgain(): Promise<void> {
    const program = join(this.directory, 'program.mjs');
    const child = fork(program, [this.directory], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()));
    this.#child = child;
    const told = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)]);
    if (told === undefined) throw new Error(`the endpoint does not start:\n${said}`);
    this.#told = told[0] as Told;
    this.#secret = this.#told.secret ?? this.#secret;
    this.#token = await this.#signIn();
  }

  /** From now on the process takes so many steps on disk, and is killed by the next one. */
  async killAfter(steps: number): Promise<void> {
    const child = this.#running();
    const counting = once(child, 'message');
    child.send(steps);
    await counting;
  }

  /** Waits for its end; kills it when it is alive after a while. Answers whether it died of its steps. */
  async ended(patienceMs: number): Promise<boolean> {
    const child = this.#running();
    if (child.signalCode !== null) return true;
    const timer = setTimeout(() => child.kill('SIGTERM'), patienceMs);
    const [, signal] = (await once(child, 'exit')) as [unknown, NodeJS.Signals | null];
    clearTimeout(timer);
    return signal === 'SIGKILL';
  }

  async dispose(): Promise<void> {
    const child = this.#running();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What the clusters really are, by name. */
  reality(): Readonly<Record<string, string>> {
    const folder = join(this.directory, 'reality');
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }

  /** All documents of one kind, as they are on disk. */
  documents(kind: string): readonly Record<string, unknown>[] {
    const folder = join(this.directory, 'arm', kind);
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    return files.map((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { document: Record<string, unknown> }).document);
  }

  /** Asks below the subscription. */
  ask(method: string, path: string, body?: unknown): Promise<Answered> {
    const { subscription } = this.#told;
    return this.#send(method, `/subscriptions/${subscription}${path}?api-version=2025-03-01`, JSON.stringify(body) ?? '');
  }

  async #signIn(): Promise<string> {
    const { base, application } = this.#told;
    const form = { grant_type: 'client_credentials', client_id: application, client_secret: this.#secret, scope: `${base}//.default` };
    const answer = await this.#send('POST', '/adfs/oauth2/v2.0/token', new URLSearchParams(form).toString());
    return String(answer?.json['access_token']);
  }

  #send(method: string, path: string, body: string): Promise<Answered> {
    return askArm({ method, url: `${this.#told.base}${path}`, authority: this.#authority, token: this.#token, body });
  }

  #running(): ChildProcess {
    if (this.#child === undefined) throw new Error('the endpoint was not started');
    return this.#child;
  }
}
