/** A cluster for the benchmark: brought up by the built `weir` with every process traced, and taken down again. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient, loadKubeconfig } from '@weir/client';
import type { FakeCounts } from '../../src/index.ts';

const weirScript = fileURLToPath(new URL('../../../cli/bin/weir.js', import.meta.url));
const recorder = new URL('trace-recorder.mjs', import.meta.url).href;

/** A running cluster. */
export class BenchCluster {
  readonly name: string;
  readonly client: KubeClient;
  readonly traceDirectory: string;
  readonly #directory: string;

  private constructor(directory: string, client: KubeClient, name: string) {
    this.#directory = directory;
    this.client = client;
    this.name = name;
    this.traceDirectory = join(directory, 'trace');
  }

  /** Makes a cluster; what was made is removed again when that fails. */
  static async up(nodes: number, fakes: FakeCounts): Promise<BenchCluster> {
    const name = `weirt-${randomBytes(3).toString('hex')}`;
    const directory = mkdtempSync(join(tmpdir(), `${name}-`));
    mkdirSync(join(directory, 'trace'), { mode: 0o700 });
    const args = ['up', '--name', name, '--nodes', String(nodes)];
    for (const [kind, count] of Object.entries(fakes)) if (count > 0) args.push(`--fake-${kind}`, String(count));
    try {
      await runWeir(directory, args);
      const connection = await loadKubeconfig(join(directory, 'state', 'clusters', name, 'kubeconfig'));
      return new BenchCluster(directory, new KubeClient(connection, { userAgent: 'weir-bench' }), name);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Removes the cluster and its files. */
  async down(): Promise<void> {
    this.client.close();
    await runWeir(this.#directory, ['down', '--name', this.name]);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function runWeir(directory: string, args: readonly string[]): Promise<void> {
  const env = {
    ...process.env,
    WEIR_STATE_DIR: join(directory, 'state'),
    WEIR_RUN_DIR: join(directory, 'run'),
    WEIR_TRACE_DIR: join(directory, 'trace'),
    NODE_OPTIONS: `--import=${recorder}`,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [weirScript, ...args, '--quiet'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`weir ${args.join(' ')} ended with ${code}:\n${complaint}`))));
  });
}
