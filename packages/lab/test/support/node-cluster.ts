/** An API server and one real node, without scheduler, controllers and agent: pods are made on the node, kubectl looks at them. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '@weir/apiserver';
import { KubeClient, loadKubeconfig, podsPath } from '@weir/client';
import { openTcpListener } from '@weir/kernel';
import type { Pod } from '@weir/kube';
import { build } from 'esbuild';
import { kubectlPath } from '../../../apiserver/test/support/kubectl.ts';
import { labRoles } from '../../src/control-plane/lab-roles.ts';
import { apiServerAddress, attachNode, createVirtualNetwork, removeNetwork, usualNetwork, vnetNetnsName } from '../../src/index.ts';
import type { NodeOptions } from '../../src/node/node-options.ts';
import { ClusterPki } from '../../src/pki/cluster-pki.ts';
import { writeKubeconfig } from '../../src/pki/kubeconfig-writer.ts';
import { startNodeProcess } from './node-process.ts';
import { makeTokenlessAccount } from './tokenless-account.ts';

/** What a program said and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running node with its API server. */
export interface NodeCluster {
  readonly name: string;
  readonly client: KubeClient;
  /** Where the node keeps its state. */
  readonly stateDirectory: string;
  readonly kubeconfig: string;
  readonly kubectlPath: string;
  kubectl(...argv: readonly string[]): Promise<Outcome>;
  /** Makes a pod in `default` that is assigned to the node already. */
  createPod(name: string, spec: Readonly<Record<string, unknown>>): Promise<Pod>;
  /** Waits, 60 s at most, until the pod is as described. */
  untilPod(name: string, condition: (pod: Pod) => boolean): Promise<Pod>;
  stopNode(): Promise<void>;
  /** Starts the node again, which was stopped. */
  startNode(): Promise<void>;
  stop(): Promise<void>;
}

/** The image of every test pod. */
export const image = 'registry.example/e2e-test-images/agnhost:2.53';

const patienceMs = 60_000;
const network = usualNetwork(false);
const router = apiServerAddress(network);
const address = '10.224.0.4';
const podBlocks = ['10.224.0.64/26'];

/** Starts both; `more` goes into the options of the node. */
export async function startNodeCluster(more: Partial<NodeOptions> = {}): Promise<NodeCluster> {
  const name = `t${randomBytes(4).toString('hex')}`;
  const directory = mkdtempSync(join(tmpdir(), 'weirt-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(directory, { recursive: true, force: true }), () => removeNetwork(name)];
  const stop = async (): Promise<void> => {
    for (const step of stops.toReversed()) await step();
  };
  try {
    return await start(name, directory, more, stops).then((started) => ({ ...started, stop }));
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  name: string,
  directory: string,
  more: Partial<NodeOptions>,
  stops: (() => Promise<void> | void)[],
): Promise<Omit<NodeCluster, 'stop'>> {
  await createVirtualNetwork({ cluster: name, network });
  await attachNode({ cluster: name, node: 'node1', addresses: [address], podBlocks });
  const pki = await ClusterPki.open(join(directory, 'pki'), name);
  const options: NodeOptions = {
    cluster: name,
    node: 'node1',
    kubeconfig: join(directory, 'node.json'),
    socket: join(directory, 'node.sock'),
    stateDirectory: join(directory, 'state'),
    addresses: [address],
    podBlocks,
    dns: { address: '10.0.0.10', domain: 'cluster.local' },
    standIn: false,
    programDirectory: await buildPrograms(directory),
    ...more,
  };
  const tls = await pki.serverPair([router]);
  const server = await startApiServer({
    roles: labRoles,
    dataDirectory: join(directory, 'store'),
    tls: { certificate: tls.certificate, key: tls.key, clientCa: pki.authority.certificate },
    listen: [{ host: '127.0.0.1', port: 0 }, { fd: openTcpListener({ netns: vnetNetnsName(name), address: router, port: 6443 }) }],
    serviceCidrs: ['10.0.0.0/16'],
    nodeSocket: (node) => (node === 'node1' ? options.socket : undefined),
    version: 'v1.35.2',
  });
  stops.push(() => server.close());
  const base = { cluster: name, certificateAuthority: pki.authority.certificate };
  const kubeconfig = join(directory, 'admin.json');
  const local = `https://127.0.0.1:${server.port}`;
  await writeKubeconfig(kubeconfig, { ...base, server: local, user: 'admin', client: await pki.pair('admin') });
  const inside = `https://${router}:6443`;
  await writeKubeconfig(options.kubeconfig, { ...base, server: inside, user: 'node', client: await pki.pair({ node: 'node1' }) });
  const client = new KubeClient(await loadKubeconfig(kubeconfig));
  stops.push(() => client.close());
  await makeTokenlessAccount(client);
  let node = await startNodeProcess(options);
  const stopNode = (): Promise<void> => node.stop();
  stops.push(stopNode);
  return {
    name,
    client,
    kubeconfig,
    stateDirectory: options.stateDirectory,
    stopNode,
    startNode: async () => {
      node = await startNodeProcess(options);
    },
    ...podAccess(client, kubeconfig, await kubectlPath()),
  };
}

async function buildPrograms(directory: string): Promise<string> {
  const programDirectory = join(directory, 'images');
  mkdirSync(join(programDirectory, 'agnhost'), { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/images/agnhost/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(programDirectory, 'agnhost', 'main.js'),
    logLevel: 'error',
  });
  return programDirectory;
}

function podAccess(
  client: KubeClient,
  kubeconfig: string,
  kubectl: string,
): Pick<NodeCluster, 'kubectlPath' | 'kubectl' | 'createPod' | 'untilPod'> {
  return {
    kubectlPath: kubectl,
    kubectl: (...argv) =>
      new Promise((resolve) => {
        execFile(kubectl, ['--kubeconfig', kubeconfig, ...argv], { timeout: patienceMs }, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
        });
      }),
    createPod: (pod, spec) =>
      client.create(podsPath('default'), {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, namespace: 'default' },
        spec: { nodeName: 'node1', terminationGracePeriodSeconds: 0, ...spec },
      } as unknown as Pod),
    untilPod: async (name, condition) => {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const pod = await client.get<Pod>(podsPath('default'), name);
        if (condition(pod)) return pod;
        if (Date.now() > deadline) throw new Error(`pod ${name} did not get there: ${JSON.stringify(pod.status)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
