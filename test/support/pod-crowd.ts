/**
 * Many built-in agnhost pods at once, half of a Deployment and half bare, made and removed through
 * the API server as any client does it.
 */
import { deploymentsPath, Informer, KubeClient, loadKubeconfig, namespacesPath, podsPath } from '@weir/client';
import { connectTcp } from '@weir/kernel';
import type { KubeObject, Pod } from '@weir/kube';

/** The port on which every pod of the crowd answers with its name. */
export const crowdPort = 8080;

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.47';
const namespace = 'crowd';
const labels = { app: 'crowd' };
/** Requests under way at the same time. */
const concurrency = 16;
const patienceMs = 300_000;
const answerTimeoutMs = 10_000;

/** The crowd and a copy of its pods that follows the API server. */
export class PodCrowd {
  readonly #client: KubeClient;
  readonly #informer: Informer<Pod>;
  #changed: () => void = () => undefined;

  private constructor(client: KubeClient) {
    this.#client = client;
    const changed = (): void => this.#changed();
    this.#informer = new Informer<Pod>(client, podsPath(namespace), { upsert: changed, remove: changed });
  }

  /** Makes the namespace `crowd` and follows its pods. */
  static async open(kubeconfig: string): Promise<PodCrowd> {
    const crowd = new PodCrowd(new KubeClient(await loadKubeconfig(kubeconfig), { userAgent: 'crowd' }));
    await crowd.#client.create(namespacesPath, object('v1', 'Namespace', { name: namespace }));
    crowd.#informer.start();
    await crowd.#informer.synced;
    return crowd;
  }

  /** The pods as the API server has them now. */
  get pods(): readonly Pod[] {
    return this.#informer.list();
  }

  /** Creates `count` pods. */
  async create(count: number): Promise<void> {
    const bare = Math.floor(count / 2);
    const spec = { replicas: count - bare, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } };
    await this.#client.create(deploymentsPath(namespace), { ...object('apps/v1', 'Deployment', { name: 'crowd', namespace }), spec });
    await each(
      Array.from({ length: bare }, (_, index) => `bare-${index}`),
      (name) => this.#client.create(podsPath(namespace), { ...object('v1', 'Pod', { name, namespace, labels }), spec: podSpec }),
    );
  }

  /** Resolves when exactly `count` pods are there and all are ready. */
  async running(count: number): Promise<void> {
    await this.#until(() => this.pods.length === count && this.pods.every(isReady), `${count} ready pods`);
  }

  /** Connects to every pod from the namespace `netns`; gives those that did not answer with their name, and what they did. */
  async silent(netns: string): Promise<readonly string[]> {
    const silent: string[] = [];
    await each(this.pods, async ({ metadata, status }) => {
      const { name = '' } = metadata;
      const answer = await hostnameAt(netns, status?.podIP ?? '');
      if (answer !== name) silent.push(`${name} (${status?.podIP ?? 'no address'}): ${answer}`);
    });
    return silent;
  }

  /** Deletes all pods and resolves when their objects are gone. */
  async remove(): Promise<void> {
    await this.#client.delete(deploymentsPath(namespace), 'crowd', { propagationPolicy: 'Background' });
    const bare = this.pods.flatMap(({ metadata }) => (metadata.name?.startsWith('bare-') === true ? [metadata.name] : []));
    await each(bare, (name) => this.#client.delete(podsPath(namespace), name));
    await this.#until(() => this.pods.length === 0, 'no pod');
  }

  /** Warnings that something failed: all but those of pods that waited for their rules, as they must on a busy machine. */
  async failures(): Promise<readonly string[]> {
    return (await this.warnings()).filter((warning) => !warning.includes('the rules of the pod are not in force yet'));
  }

  /** Events of the type Warning in the namespace, as `reason: message`. */
  async warnings(): Promise<readonly string[]> {
    type Event = KubeObject & { readonly type?: string; readonly reason?: string; readonly message?: string };
    const { items } = await this.#client.list<Event>({ group: '', version: 'v1', resource: 'events', namespace });
    return items.filter(({ type }) => type === 'Warning').map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
  }

  /** Stops following. The namespace stays, empty. */
  async close(): Promise<void> {
    await this.#informer.stop();
    this.#client.close();
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!holds()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${what} after ${patienceMs} ms: ${this.#summary()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #summary(): string {
    const unready = this.pods.filter((pod) => !isReady(pod));
    const [first] = unready;
    return `${this.pods.length} pods, ${unready.length} not ready, for example ${JSON.stringify(first?.status ?? first?.metadata ?? {})}`;
  }
}

const podSpec = {
  terminationGracePeriodSeconds: 1,
  containers: [
    {
      name: 'agnhost',
      image,
      args: ['serve-hostname', '--http=false', '--tcp', `--port=${crowdPort}`],
      ports: [{ containerPort: crowdPort }],
    },
  ],
};

function object(apiVersion: string, kind: string, metadata: KubeObject['metadata']): KubeObject {
  return { apiVersion, kind, metadata };
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  return ready && metadata.deletionTimestamp === undefined;
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** What the pod answers a connection with. */
function hostnameAt(netns: string, address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ netns, address, port: crowdPort });
    let text = '';
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), answerTimeoutMs);
    const end = (answer: string): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', ({ message }) => end(message));
    socket.on('end', () => end(text));
    socket.resume();
  });
}
