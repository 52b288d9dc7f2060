/** A cluster with the shop in it, and kubectl against it as a person uses it: one for each file of tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { BackgroundProgram } from '../support/background-program.ts';
import { LabCluster } from '../support/lab-cluster.ts';
import { TypedTerminal } from '../support/typed-terminal.ts';

/** Two programs, a service and a policy that the tests look at and leave as they are. */
export const shop: string = readFileSync(join(import.meta.dirname, 'shop.yaml'), 'utf8');

/** Kubectl against one cluster; there only while tests run. */
export class KubectlSession {
  #cluster: LabCluster | undefined;
  #applied = '';
  /** What runs beside the tests; stopped at the end, also when a test failed. */
  readonly #programs: (BackgroundProgram | TypedTerminal)[] = [];

  /** Registers the cluster with the tests of this file. */
  constructor() {
    beforeAll(async () => {
      this.#cluster = await LabCluster.up({ nodes: 2 });
      this.#applied = await this.kubectl('apply -f -', shop);
      await this.kubectl('wait --for=condition=Ready pod --all -n shop --timeout=60s');
    });
    afterAll(async () => {
      await Promise.all(this.#programs.map((program) => program.stop()));
      await this.#cluster?.down();
    });
  }

  get cluster(): LabCluster {
    if (this.#cluster === undefined) throw new Error('the cluster is not up');
    return this.#cluster;
  }

  /** What kubectl said when the shop was made. */
  get applied(): string {
    return this.#applied;
  }

  /** The output of a command that must succeed. */
  readonly kubectl = (line: string, input?: string): Promise<string> => this.cluster.kubectlOutput(line, input);

  /** Standard error of a command that must fail. */
  readonly refused = async (line: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await this.cluster.kubectl(line, input);
    expect(code, `kubectl ${line}\n${stdout}`).not.toBe(0);
    return stderr.trim();
  };

  /** A program that runs beside the tests. */
  readonly background = (line: string): BackgroundProgram => {
    const program = new BackgroundProgram(line, this.cluster.env);
    this.#programs.push(program);
    return program;
  };

  /** A program that is typed to. */
  readonly openTerminal = (line: string): TypedTerminal => {
    const terminal = new TypedTerminal(line, this.cluster.env);
    this.#programs.push(terminal);
    return terminal;
  };

  /** A namespace for one group of tests. */
  readonly makeNamespace = async (name: string): Promise<void> => {
    await this.kubectl(`create namespace ${name}`);
  };
}

/** An object as kubectl reads it. */
export function manifest(object: unknown): string {
  return JSON.stringify(object);
}
