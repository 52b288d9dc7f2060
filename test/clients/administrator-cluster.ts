/** A cluster with the base of network-policy-api's conformance suite, on which its tests run as the suite runs them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isNotFound, KubeClient, loadKubeconfig, podsPath, type ResourcePath } from '@weir/client';
import type { JsonObject, KubeObject, Pod } from '@weir/kube';
import { type ApiConnection, apiConnectionOf } from '../support/exec/api-connection.ts';
import { execOverSpdy } from '../support/exec/spdy-exec.ts';
import type { LabCluster } from '../support/lab-cluster.ts';
import type { ConformanceCase, ConformanceChange, ConformanceProbe, ConformanceStep } from './administrator-cases.ts';
import { clientContainer, conformanceBase, houses, namespaceOfHouse } from './conformance-base.ts';

/** How long an attempt may go on not being as it is to be: a state reaches every node. */
const settleMs = 60_000;

/** Runs the suite's tests in one cluster, one after the other. */
export class AdministratorCluster {
  readonly pods: readonly Pod[];
  readonly #client: KubeClient;
  readonly #connection: ApiConnection;
  /** How long a connection is waited for; what is dropped takes as long. */
  readonly #timeoutSeconds: number;

  private constructor(client: KubeClient, connection: ApiConnection, pods: readonly Pod[], timeoutSeconds: number) {
    this.#client = client;
    this.#connection = connection;
    this.pods = pods;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /** Brings the base up. */
  static async make(cluster: LabCluster, timeoutSeconds: number): Promise<AdministratorCluster> {
    const client = new KubeClient(await loadKubeconfig(cluster.env['KUBECONFIG'] ?? ''));
    try {
      await cluster.kubectlOutput('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: conformanceBase() }));
      for (const [house, set] of Object.entries(houses)) {
        await cluster.kubectlOutput(`rollout status statefulset/${set} -n ${namespaceOfHouse(house)} --timeout=100s`);
      }
      const lists = await Promise.all(Object.keys(houses).map((house) => client.list<Pod>(podsPath(namespaceOfHouse(house)))));
      return new AdministratorCluster(
        client,
        await apiConnectionOf(cluster),
        lists.flatMap(({ items }) => items),
        timeoutSeconds,
      );
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Ends its connections; the cluster stays. */
  close(): void {
    this.#client.close();
  }

  /** Applies what the test applies, runs it, and takes everything away again. Each step's attempts that are not as they are to be. */
  async run({ objects, steps }: ConformanceCase): Promise<readonly string[]> {
    const wrong: string[] = [];
    try {
      for (const object of objects) await this.#client.create(pathOf(object), object);
      for (const step of steps) wrong.push(...(await this.#step(step)));
    } finally {
      for (const object of objects) {
        await this.#client.delete(pathOf(object), object.metadata.name ?? '').catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    }
    return wrong;
  }

  async #step({ title, change, probes }: ConformanceStep): Promise<string[]> {
    if (change !== undefined) await this.#change(change);
    const lines = await Promise.all(probes.map((probe) => this.#wrong(probe)));
    return lines.flatMap((line) => (line === undefined ? [] : [`${title}: ${line}`]));
  }

  async #change(change: ConformanceChange): Promise<void> {
    if ('removedNetworkPolicy' in change) {
      const path = pathOf({ kind: 'NetworkPolicy', metadata: { namespace: namespaceOfHouse(change.house) } });
      await this.#client.delete(path, change.removedNetworkPolicy);
      return;
    }
    const path = pathOf({ kind: 'ClusterNetworkPolicy', metadata: {} });
    const { spec } = await this.#client.get<KubeObject & { readonly spec: JsonObject }>(path, change.policy);
    const merged = change.merge(spec, (pod) => this.#addressOf(pod));
    await this.#client.patch(path, change.policy, { spec: merged }, { type: 'merge' });
  }

  /** As the suite asks: again and again until it is as it is to be, and then once more. */
  async #wrong(probe: ConformanceProbe): Promise<string | undefined> {
    const deadlineMs = Date.now() + settleMs;
    let heard = '';
    for (;;) {
      heard = await this.#connect(probe);
      if (isAsWanted(probe, heard) && isAsWanted(probe, await this.#connect(probe))) return undefined;
      if (Date.now() > deadlineMs) break;
      await sleep(100);
    }
    const { from, to, protocol, port, passes } = probe;
    return `${from.join('-')} → ${to.join('-')} ${protocol} ${port} ${passes ? 'does not pass' : 'passes'}: ${heard}`;
  }

  /** What the client says to standard error: nothing when it connected. */
  async #connect({ from: [house, number], to, protocol, port }: ConformanceProbe): Promise<string> {
    const pod = `${houses[house]}-${number}`;
    const command = [
      '/agnhost',
      'connect',
      `--timeout=${this.#timeoutSeconds}s`,
      `--protocol=${protocol.toLowerCase()}`,
      `${this.#addressOf(to)}:${port}`,
    ];
    const request = { namespace: namespaceOfHouse(house), pod, container: clientContainer(pod), command };
    return (await execOverSpdy(this.#connection, request)).stderr;
  }

  #addressOf([house, number]: ConformanceProbe['to']): string {
    const pod = this.pods.find(({ metadata }) => metadata.name === `${houses[house]}-${number}`);
    return pod?.status?.podIP ?? '';
  }
}

function isAsWanted({ passes }: ConformanceProbe, heard: string): boolean {
  return passes ? heard === '' : heard.includes('TIMEOUT');
}

function pathOf({ kind, metadata: { namespace } }: Pick<KubeObject, 'kind' | 'metadata'>): ResourcePath {
  if (kind === 'NetworkPolicy')
    return { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies', ...(namespace === undefined ? {} : { namespace }) };
  return { group: 'policy.networking.k8s.io', version: 'v1alpha2', resource: 'clusternetworkpolicies' };
}
