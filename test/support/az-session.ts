/**
 * The real az against an endpoint of its own, in a network namespace that has nothing but a loopback: what leaves the
 * machine fails.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetns, deleteNetns, netnsPath } from '@weir/kernel';
import { type Finished, runProgram } from '@weir/testkit';
import { expect } from 'vitest';
import { ClusterGuard } from './cluster-guard.ts';
import { TypedTerminal } from './typed-terminal.ts';

const root = join(import.meta.dirname, '..', '..');
/** The built `weir`. */
export const weirProgram = join(root, 'packages', 'cli', 'bin', 'weir.js');

const removeAll = [process.execPath, weirProgram, 'down', '--all'] as const;

/** Az that has signed in. */
export class AzSession {
  readonly directory: string;
  readonly #netns: string;
  readonly #guard: ClusterGuard;
  #env: Readonly<Record<string, string>>;

  private constructor() {
    const name = `weirt-${randomBytes(3).toString('hex')}`;
    this.#netns = `${name}-az`;
    this.directory = mkdtempSync(join(tmpdir(), `${name}-`));
    this.#env = {
      WEIR_STATE_DIR: join(this.directory, 'state'),
      WEIR_RUN_DIR: join(this.directory, 'run'),
      KUBECONFIG: join(this.directory, 'kubeconfig'),
      KUBECACHEDIR: join(this.directory, 'cache'),
      HOME: this.directory,
      AZURE_CORE_NO_COLOR: 'true',
      PATH: `${join(root, '.setup', 'bin')}:${process.env['PATH'] ?? ''}`,
    };
    this.#guard = new ClusterGuard({ down: this.#inside(removeAll), env: this.#env, directory: this.directory, netns: this.#netns });
  }

  /** Makes the namespace and signs in with `weir az-login`. */
  static async open(): Promise<AzSession> {
    const session = await AzSession.openSignedOut();
    try {
      const { code, stdout, stderr } = await session.weir('az-login', '-o', 'json');
      if (code !== 0) throw new Error(`weir az-login ended with ${code}:\n${stderr}`);
      session.#env = { ...session.#env, ...(JSON.parse(stdout) as Record<string, string>) };
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Makes the namespace alone. */
  static async openSignedOut(): Promise<AzSession> {
    const session = new AzSession();
    createNetns(session.#netns);
    try {
      await session.run(['ip', 'link', 'set', 'lo', 'up']);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Removes all clusters, the endpoint and the namespace. */
  async close(): Promise<void> {
    await this.run(removeAll);
    deleteNetns(this.#netns);
    rmSync(this.directory, { recursive: true, force: true });
    this.#guard.dismiss();
  }

  /** Runs the built `weir`. */
  weir(...args: readonly string[]): Promise<Finished> {
    return this.run([process.execPath, weirProgram, ...args]);
  }

  /** The output of a line that must succeed: `az …` or `kubectl …`. */
  async output(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.line(line);
    expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  }

  /** Runs a line of a shell. */
  line(line: string): Promise<Finished> {
    return this.run(['bash', '-c', line]);
  }

  /** A line of a shell in a terminal, which is typed to. */
  terminal(line: string): TypedTerminal {
    return new TypedTerminal(`nsenter --net=${netnsPath(this.#netns)} bash -c "$LINE"`, { ...this.#env, LINE: line });
  }

  /** Runs a program inside. */
  run(command: readonly string[]): Promise<Finished> {
    const [program = '', ...args] = this.#inside(command);
    return runProgram(program, args, { env: this.#env });
  }

  /** Opens `weir shell` inside, in a terminal. */
  shell(): TypedTerminal {
    const command = `nsenter --net=${netnsPath(this.#netns)} ${process.execPath} ${weirProgram} shell`;
    return new TypedTerminal(command, { ...this.#env, SHELL: '/bin/bash' });
  }

  #inside(command: readonly string[]): readonly string[] {
    return ['nsenter', `--net=${netnsPath(this.#netns)}`, ...command];
  }
}
