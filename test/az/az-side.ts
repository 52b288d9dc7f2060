/** One of the two programs that are compared, with an endpoint of its own whose clusters are only remembered. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ArmEndpoint } from '../../packages/aks/test/support/arm-endpoint.ts';
import { type AzOutcome, runWeirAz } from './run-weir-az.ts';

/** A program and its endpoint. */
export abstract class AzSide {
  readonly endpoint: ArmEndpoint;
  readonly home: string;

  constructor(endpoint: ArmEndpoint) {
    this.endpoint = endpoint;
    this.home = mkdtempSync(join(tmpdir(), 'weirt-az-'));
    writeFileSync(join(this.home, 'ca.crt'), endpoint.authority);
    writeFileSync(join(this.home, 'secret'), `${endpoint.secret}\n`);
    writeFileSync(join(this.home, 'body.json'), '{"location":"canadaeast","tags":{"by":"rest"}}');
    mkdirSync(join(this.home, 'az'));
  }

  /**
   * Runs one command line; `{home}`, `{application}` and `{tenant}` are this side's. The outcome names neither, and of
   * what az says of an error what comes before its examples.
   */
  async run(words: readonly string[]): Promise<AzOutcome> {
    const [principal] = this.endpoint.arm.state.identity.principals;
    const own = { home: this.home, application: principal?.application ?? '', tenant: this.endpoint.arm.state.identity.tenant };
    const filled = words.map((word) => word.replace(/\{(home|application|tenant)\}/g, (_, name: keyof typeof own) => own[name]));
    const { code, stdout, stderr } = await this.carryOut(filled);
    return { code, stdout: this.#neutral(stdout), stderr: this.#neutral(stderr.split(/\n\s*\n/)[0] ?? '').trim() };
  }

  async close(): Promise<void> {
    await this.endpoint.dispose();
    rmSync(this.home, { recursive: true, force: true });
  }

  protected get environment(): Readonly<Record<string, string>> {
    return { REQUESTS_CA_BUNDLE: join(this.home, 'ca.crt'), HOME: this.home, AZURE_CORE_NO_COLOR: 'true' };
  }

  protected abstract carryOut(words: readonly string[]): Promise<AzOutcome>;

  /** Without what chance and time have written. */
  #neutral(text: string): string {
    return text
      .replaceAll(this.home, '{home}')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '{uuid}')
      .replaceAll(/-[0-9a-f]{8}\.(hcp|portal)\./g, '-{hex}.$1.')
      .replaceAll(/-rg-[0-9a-f]{6}\b/g, '-rg-{hex}')
      .replaceAll(/localhost:\d+/g, 'localhost:{port}')
      .replaceAll(/\b[0-9a-f]{24}\b/g, '{hex}')
      .replaceAll(/ssh-rsa [\w+/=]+/g, 'ssh-rsa {key}')
      .replaceAll(/eyJ[\w.-]+/g, '{token}')
      .replaceAll(/\d{4}-\d\d-\d\d [\d:.]+\+00:00/g, '{time}')
      .replaceAll(/"\d{4}-\d\d-\d\d[ T][\d:.]+Z?"/g, '"{time}"');
  }
}

/** The real az. */
export class RealAz extends AzSide {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(endpoint: ArmEndpoint) {
    super(endpoint);
    const env = { ...process.env, ...this.environment, AZURE_CONFIG_DIR: join(this.home, 'az'), AZURE_CORE_COLLECT_TELEMETRY: 'no' };
    this.#child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'warm-az.py')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  override async close(): Promise<void> {
    this.#child.stdin.end();
    await super.close();
  }

  protected async carryOut(words: readonly string[]): Promise<AzOutcome> {
    this.#child.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`az ended at az ${words.join(' ')}`);
    return JSON.parse(value) as AzOutcome;
  }
}

/** Weir's, which signs in by itself. */
export class WeirAz extends AzSide {
  protected carryOut(words: readonly string[]): Promise<AzOutcome> {
    return runWeirAz(this.endpoint, { args: words, environment: this.environment, directory: join(this.home, 'az') });
  }
}
