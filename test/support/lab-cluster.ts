/**
 * A cluster of the lab for tests: the built `weir`, the unmodified kubectl, state and sockets of its
 * own, so that it runs beside other clusters and leaves nothing.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterInventory, type Finished, runProgram } from '@weir/testkit';
import { ClusterGuard } from './cluster-guard.ts';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'packages', 'cli', 'bin', 'weir.js');

/** How a cluster is brought up besides its name. */
export interface LabClusterOptions {
  readonly nodes?: number;
  readonly standIn?: boolean;
  /** Further options of `weir up`. */
  readonly more?: readonly string[];
}

/** A running cluster. */
export class LabCluster {
  readonly name: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;

  readonly #guard: ClusterGuard;

  private constructor() {
    this.name = `weirt-${randomBytes(3).toString('hex')}`;
    this.directory = mkdtempSync(join(tmpdir(), `${this.name}-`));
    const state = join(this.directory, 'state');
    this.env = {
      WEIR_STATE_DIR: state,
      WEIR_RUN_DIR: join(this.directory, 'run'),
      KUBECONFIG: join(state, 'clusters', this.name, 'kubeconfig'),
      KUBECACHEDIR: join(this.directory, 'cache'),
      HOME: this.directory,
      PATH: `${join(root, '.setup', 'bin')}:${process.env['PATH'] ?? ''}`,
    };
    this.#guard = new ClusterGuard({
      down: [process.execPath, program, 'down', '--name', this.name],
      env: this.env,
      directory: this.directory,
    });
  }

  /** Brings a cluster up; throws with what `weir up` said when it does not come up. */
  static async up({ nodes = 1, standIn = false, more = [] }: LabClusterOptions = {}): Promise<LabCluster> {
    const cluster = new LabCluster();
    const { code, stderr } = await cluster.weir([
      'up',
      '--name',
      cluster.name,
      '--nodes',
      String(nodes),
      ...(standIn ? ['--stand-in'] : []),
      ...more,
    ]);
    if (code === 0) return cluster;
    await cluster.down();
    throw new Error(`weir up ended with ${code}:\n${stderr}`);
  }

  /** How the built `weir` is started. */
  get command(): readonly string[] {
    return [process.execPath, program];
  }

  /** Where its state and its sockets are. */
  get directories(): readonly string[] {
    return ['state', 'run'].map((name) => join(this.directory, name));
  }

  /** Everything that the cluster has on the machine. */
  inventory(): Promise<readonly string[]> {
    const lock = readFileSync(join(this.directory, 'run', this.name, 'supervisor.lock'), 'utf8');
    const { pid } = JSON.parse(lock) as { readonly pid: number };
    return clusterInventory({ cluster: this.name, supervisor: pid, directories: this.directories });
  }

  /** Removes the cluster and everything of it. */
  async down(): Promise<Finished> {
    const result = await this.weir(['down', '--name', this.name]);
    this.#guard.dismiss();
    rmSync(this.directory, { recursive: true, force: true });
    return result;
  }

  /** Runs the built `weir`. */
  weir(args: readonly string[], input?: string): Promise<Finished> {
    return runProgram(process.execPath, [program, ...args], { env: this.env, input });
  }

  /** Runs kubectl; the answer whatever its exit code. */
  kubectl(line: string, input?: string): Promise<Finished> {
    return runProgram('bash', ['-c', `kubectl ${line}`], { env: this.env, input });
  }

  /** Runs kubectl and gives its output; throws when it fails. */
  async kubectlOutput(line: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(line, input);
    if (code !== 0) throw new Error(`kubectl ${line}\nended with ${code}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** The first address of a pod. */
  addressOf(namespace: string, pod: string): Promise<string> {
    return this.kubectlOutput(`get pod ${pod} -n ${namespace} -o jsonpath='{.status.podIP}'`);
  }

  /** What `/agnhost connect` in a pod prints, both streams: nothing when it connects. */
  async connect(from: { namespace: string; pod: string }, target: string, options = '--timeout=1s --protocol=tcp'): Promise<string> {
    const { stdout, stderr } = await this.kubectl(`exec ${from.pod} -n ${from.namespace} -- /agnhost connect ${target} ${options}`);
    // kubectl adds its own line about the exit code.
    return `${stdout}${stderr}`.replace(/^command terminated with exit code \d+$/m, '').trim();
  }

  /** Kills the process of the control plane; the supervisor starts it again. */
  killControlPlane(): Promise<void> {
    return this.actOn('control-plane', 'signal?signal=SIGKILL');
  }

  /** Asks the supervisor to signal, hold or start one of the cluster's processes: `signal?signal=SIGSTOP`, `hold`, `start`. */
  actOn(process: string, action: string): Promise<void> {
    const socketPath = join(this.directory, 'run', this.name, 'supervisor.sock');
    return new Promise((resolve, reject) => {
      request({ socketPath, method: 'POST', path: `/children/${process}/${action}` }, (response) => {
        response.resume();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the supervisor answered ${response.statusCode ?? 'nothing'}`));
      })
        .on('error', reject)
        .end();
    });
  }

  /** The name of a node's network namespace. */
  nodeNetns(node: string): string {
    return `weir-${this.name}-${node}`;
  }

  /** What is in force on a node, its network and what its agent said last, for the message of a failure that nobody can look into later. */
  async evidence(node: string): Promise<string> {
    const log = join(this.directory, 'state', 'clusters', this.name, 'logs', `${node}-agent.log`);
    const [own, router] = [this.nodeNetns(node), this.nodeNetns('vnet')];
    const questions: readonly (readonly [string, ...string[]])[] = [
      ['ip', 'netns', 'exec', own, 'nft', 'list', 'ruleset'],
      ...[own, router].flatMap((netns) =>
        [
          ['-s', 'link'],
          ['neighbour', 'show', 'nud', 'all'],
          ['route', 'show', 'table', 'all'],
        ].map((words) => ['ip', '-n', netns, ...words] as [string, ...string[]]),
      ),
      ['ip', 'netns', 'exec', own, 'nstat', '-asz'],
      ['ip', 'netns', 'exec', own, 'conntrack', '-L'],
      ['tail', '-n', '30', log],
    ];
    const answers = await Promise.all(
      questions.map(async ([program, ...args]) => {
        const { stdout, stderr } = await runProgram(program, args);
        return `# ${program} ${args.join(' ')}\n${stdout}${stderr}`;
      }),
    );
    return answers.join('\n');
  }
}
