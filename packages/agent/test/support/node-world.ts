/**
 * One node with pods, each a network namespace of its own, a real API server that listens inside the
 * node, and the agent as a process of its own, started as a user starts it.
 *
 *   pods ── veth, /32, routed ── node (agent, API server on its loopback)
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiServer, startApiServer } from '@weir/apiserver';
import { KubeClient, namespacesPath, networkPoliciesPath, podsPath } from '@weir/client';
import { connectTcp, createNetns, deleteNetns, listenTcp, openTcpListener, setNetSysctls } from '@weir/kernel';
import type { NetworkPolicy, NetworkPolicySpec, Pod } from '@weir/kube';
import { AgentProcess } from './agent-process.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { FaultyProxy, type ProxyTarget } from './faulty-proxy.ts';
import { ip, linkPod, type TestPod } from './pod-link.ts';

export type { AgentProcess } from './agent-process.ts';
export type { TestPod } from './pod-link.ts';

const weir = fileURLToPath(new URL('../../../cli/bin/weir.js', import.meta.url));
/** How long what shall happen may take on a busy machine, and how long is waited for what shall not. */
const patienceMs = 30_000;
const silenceMs = 400;

/** The name of the first node. */
export const nodeName = 'n1';
export const namespace = 'demo';
/** The port on which every pod answers. */
export const port = 80;

/** What a program or the gate answered. */
export interface GateReply {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of any shape
  readonly json: any;
}

/** What is unusual about a pod. */
interface PodExtras {
  readonly image?: string;
  /** The pod whose addresses it gets; its own are new. */
  readonly addressOf?: TestPod;
}

/** What there is to be done for a link besides the link. */
export interface PodNetwork {
  readonly beforeLink: (pod: TestPod) => Promise<void>;
  readonly afterUnlink: (pod: TestPod) => Promise<void>;
}

/** See above; made by {@link openNodeWorld}, taken away by {@link NodeWorld.close}. */
export class NodeWorld {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weirt-agent-'));
  readonly #id = randomBytes(3).toString('hex');
  readonly node = `weirt-${this.#id}-node`;
  readonly gateSocket: string = join(this.directory, 'gate', 'agent.sock');
  /** Where agents that are given it are told what names resolve to. */
  readonly namesSocket: string = join(this.directory, 'names.sock');
  readonly proxy: FaultyProxy;
  /** What agents that are started find in their environment besides this process's. */
  agentEnvironment: Readonly<Record<string, string>> = {};
  /** A program with arguments that starts the agents, for example with other rights. */
  agentStarter: readonly string[] = [];
  /** The program that is run as `weir`. */
  agentProgram: string = weir;
  /** What a node does for a pod before it has its link, and when it has lost it; nothing unless told. */
  podNetwork: PodNetwork = { beforeLink: async () => undefined, afterUnlink: async () => undefined };
  readonly certificates: Certificates;
  readonly #netns: string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #agents = new Set<AgentProcess>();
  #api: ApiServer | undefined;
  #adminPort = 0;
  /** Fixed, and outside what the kernel gives away: a client inside the node must not take it, nor connect to itself. */
  readonly #nodePort = 6443;
  #pods = 0;
  /** The world whose API server this one shares. */
  readonly #first: NodeWorld | undefined;

  /** A world of its own, or a second node in the cluster of the first one. */
  constructor(first?: NodeWorld) {
    this.#first = first;
    this.certificates = first?.certificates ?? makeCertificates(this.directory);
    this.#makeNetns(this.node);
    // An address from which the node can ask for its pods'.
    ip(this.node, `addr add 192.0.2.${this.#index + 1}/32 dev lo`);
    setNetSysctls(this.node, { 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1', 'ipv6/conf/default/accept_dad': '0' });
    this.proxy = new FaultyProxy(this.node, () => this.#target());
  }

  /** What the node is called. */
  get nodeName(): string {
    return this.#first === undefined ? nodeName : 'n2';
  }

  /** The block of its pods' addresses. */
  get podBlock(): string {
    return `10.77.${this.#index}.0/24`;
  }

  /** What the names of all pod links begin with. */
  get prefix(): string {
    return `w${this.#id}`;
  }

  /** The administrator's client. */
  get client(): KubeClient {
    if (this.#first !== undefined) return this.#first.client;
    const { ca, admin } = this.certificates;
    return new KubeClient({
      server: `https://127.0.0.1:${this.#adminPort}`,
      certificateAuthority: ca,
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    });
  }

  /** Starts the API server (again) on its data: on loopback for the test, inside the node for the agent, unless it is apart from it. */
  async openApi(options: { readonly apart?: boolean } = {}): Promise<void> {
    const fd = options.apart === true ? undefined : openTcpListener({ netns: this.node, address: '127.0.0.1', port: this.#nodePort });
    this.#api = await startApiServer({
      dataDirectory: join(this.directory, 'data'),
      tls: { ...this.certificates.server, clientCa: this.certificates.ca },
      serviceCidrs: ['10.0.0.0/16'],
      nodeSocket: () => undefined,
      version: 'v1.35.2',
      // A port of the kernel's choice each time: what it was before may be somebody else's by now.
      listen: [...(fd === undefined ? [] : [{ fd }]), { host: '127.0.0.1', port: 0 }],
    });
    this.#adminPort = Number(new URL(this.#api.urls.at(-1) ?? '').port);
  }

  async closeApi(): Promise<void> {
    await this.#api?.close();
    this.#api = undefined;
  }

  /** Starts `weir agent run` inside the node; `via` is how it reaches the API server. */
  async startAgent(via: 'tls' | 'proxy' | { readonly url: string } = 'tls', ...more: readonly string[]): Promise<AgentProcess> {
    const viaProxy = via === 'proxy' ? await this.proxy.url() : `https://127.0.0.1:${this.#nodePort}`;
    const kubeconfig = this.#kubeconfig(typeof via === 'object' ? via.url : viaProxy);
    const options = [
      '--node',
      this.nodeName,
      '--kubeconfig',
      kubeconfig,
      '--gate-socket',
      this.gateSocket,
      '--pod-interfaces',
      this.prefix,
    ];
    const child = spawn(
      'ip',
      [
        'netns',
        'exec',
        this.node,
        ...this.agentStarter,
        process.execPath,
        this.agentProgram,
        'agent',
        'run',
        ...options,
        '--state-directory',
        join(this.directory, 'state'),
        ...more,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...this.agentEnvironment } },
    );
    return this.adopt(child);
  }

  /** An agent that was started in another way; it is ended with the world. */
  adopt(child: ChildProcess): AgentProcess {
    const agent = new AgentProcess(child);
    this.#agents.add(agent);
    return agent;
  }

  /** Writes a kubeconfig for an API server inside the node, and one for the test; gives their paths. */
  kubeconfigs(): { readonly inside: string; readonly outside: string } {
    return {
      inside: this.#kubeconfig(`https://127.0.0.1:${this.#nodePort}`),
      outside: this.#kubeconfig(`https://127.0.0.1:${this.#adminPort}`, 'kubeconfig-outside'),
    };
  }

  /** Runs `weir agent …` to its end, inside the node. */
  runAgentCommand(...args: readonly string[]): string {
    return this.run(this.node, process.execPath, weir, 'agent', ...args);
  }

  #kubeconfig(server: string, name = 'kubeconfig'): string {
    const { ca, admin } = this.certificates;
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const path = join(this.directory, name);
    const cluster = { server, ...(server.startsWith('https') ? { 'certificate-authority-data': base64(ca) } : {}) };
    const user = { 'client-certificate-data': base64(admin.certificate), 'client-key-data': base64(admin.key) };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: server.startsWith('https') ? user : {} }],
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  /** Makes a pod's object and its link; nothing is attached, and its status has no address. */
  async addPod(name: string, labels: Readonly<Record<string, string>> = {}, more: PodExtras = {}): Promise<TestPod> {
    const { image = 'x:1', addressOf } = more;
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: { nodeName: this.nodeName, containers: [{ name: 'c', image }] },
    };
    const created = await this.client.create<Pod>(podsPath(namespace), object);
    this.#pods++;
    const pod: TestPod = {
      name,
      uid: created.metadata.uid ?? '',
      netns: `weirt-${this.#id}-${this.#pods}`,
      interface: `${this.prefix}p${this.#pods}`,
      address: addressOf?.address ?? `10.77.${this.#index}.${this.#pods}`,
      address6: addressOf?.address6 ?? `fd77::${this.#index}:${this.#pods.toString(16)}`,
    };
    await this.podNetwork.beforeLink(pod);
    this.#link(pod);
    return pod;
  }

  /** Asks the gate. */
  gate(method: string, path: string, body?: unknown): Promise<GateReply> {
    return this.ask(this.gateSocket, method, path, body);
  }

  /** A request at a socket of the agent. */
  ask(socketPath: string, method: string, path: string, ...[body]: [unknown?]): Promise<GateReply> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      const call = request({ socketPath, method, path, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString() || 'null') }),
        );
      });
      call.on('error', reject);
      call.end(text);
    });
  }

  /** One request to start the pod. */
  add(pod: TestPod, change: Readonly<Record<string, unknown>> = {}): Promise<GateReply> {
    const { uid, name, address, address6 } = pod;
    return this.gate('POST', '/v1/endpoints', {
      uid,
      namespace,
      name,
      interface: pod.interface,
      addresses: [address, address6],
      ...change,
    });
  }

  /** Asks until the gate opens, and writes the pod's address into its status as a node does. */
  async attach(...pods: readonly TestPod[]): Promise<void> {
    for (const pod of pods) {
      await this.until(`${pod.name} may start`, async () => (await this.add(pod).catch(() => undefined))?.status === 200);
      await this.setRunning(pod);
    }
  }

  async setRunning({ name, address, address6 }: TestPod): Promise<void> {
    const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }, { ip: address6 }] };
    await this.client.patch<Pod>(podsPath(namespace), name, { status }, { type: 'merge', subresource: 'status' });
  }

  async label(name: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.client.patch<Pod>(podsPath(namespace), name, { metadata: { labels } }, { type: 'merge' });
  }

  async addPolicy(name: string, spec: NetworkPolicySpec): Promise<void> {
    const object = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec };
    await this.client.create<NetworkPolicy>(networkPoliciesPath(namespace), object);
  }

  async deletePolicy(name: string): Promise<void> {
    await this.client.delete<NetworkPolicy>(networkPoliciesPath(namespace), name);
  }

  /** Whether a new connection comes up; what is expected decides how long is waited. */
  connects(from: TestPod, to: TestPod, expected: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connectTcp({ netns: from.netns, address: to.address, port });
      const settle = (connected: boolean): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(connected);
      };
      const timer = setTimeout(() => settle(false), expected ? patienceMs : silenceMs);
      socket.once('connect', () => settle(true));
      socket.once('error', () => settle(false));
    });
  }

  /** Waits until a new connection does (or does not) come up, for changes that arrive by watches. */
  async becomes(from: TestPod, to: TestPod, expected: boolean): Promise<void> {
    await this.until(`${from.name} to ${to.name}: ${String(expected)}`, async () => (await this.connects(from, to, false)) === expected);
  }

  /** Repeats a question until the answer is yes. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`did not happen: ${what}; ${[...this.#agents].at(-1)?.stderr.slice(-2_000) ?? ''}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits for a line of the log: the agent writes it behind the deed, and it comes through a pipe. */
  async untilLogged(agent: AgentProcess, message: string): Promise<void> {
    await this.until(`the agent logs '${message}'`, () => agent.log.some(({ msg }) => msg === message));
  }

  async untilReady(): Promise<void> {
    await this.until('the agent is ready', async () => {
      const reply = await this.gate('GET', '/v1/health').catch(() => undefined);
      return reply?.json.ready === true;
    });
  }

  /** Runs a program inside a namespace and returns what it printed. */
  run(netns: string, ...command: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) if (agent.child.exitCode === null && agent.child.signalCode === null) await agent.end('SIGKILL');
    await this.proxy.close();
    await this.closeApi();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    for (const netns of this.#netns) deleteNetns(netns);
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #index(): number {
    return this.#first === undefined ? 0 : 1;
  }

  #target(): ProxyTarget {
    if (this.#first !== undefined) return this.#first.#target();
    const { ca, admin } = this.certificates;
    return { port: this.#adminPort, ca, cert: admin.certificate, key: admin.key };
  }

  #makeNetns(name: string): void {
    createNetns(name);
    this.#netns.push(name);
    execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  }

  #link(pod: TestPod): void {
    this.#makeNetns(pod.netns);
    linkPod(this.node, pod);
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#servers.push(listenTcp(server, { netns: pod.netns, address: '0.0.0.0', port }));
  }
}

/** Makes the world with its API server and the namespace `demo`; when that fails, nothing of it stays. */
export async function openNodeWorld(): Promise<NodeWorld> {
  const world = new NodeWorld();
  try {
    await world.openApi();
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await world.client.create(namespacesPath, object);
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** Isolates all pods with the labels for ingress and allows those with the others. */
export function allowFrom(
  subject: Readonly<Record<string, string>>,
  ...peers: readonly Readonly<Record<string, string>>[]
): NetworkPolicySpec {
  return {
    podSelector: { matchLabels: { ...subject } },
    policyTypes: ['Ingress'],
    ...(peers.length === 0 ? {} : { ingress: [{ from: peers.map((labels) => ({ podSelector: { matchLabels: { ...labels } } })) }] }),
  };
}
