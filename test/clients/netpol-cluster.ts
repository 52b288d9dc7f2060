/**
 * The model of the e2e suite `[sig-network] Netpol` on a live cluster: its namespaces, pods with a container for each
 * port and protocol, a service for each pod; probed as the suite does, by exec of `/agnhost connect` to the address
 * of a service.
 */
import { KubeClient, loadKubeconfig, namespacesPath, networkPoliciesPath, podsPath, servicesPath } from '@weir/client';
import type { KubeObject, NetworkPolicy, Pod, Service } from '@weir/kube';
import { type NetpolProbe, type NetpolState, netpolAddress, netpolEnds, netpolNamespaces, netpolPods } from '@weir/testkit';
import { type ApiConnection, apiConnectionOf, type ExecRequest, type ExecResult } from '../support/exec/api-connection.ts';
import type { LabCluster } from '../support/lab-cluster.ts';

/** How commands are run: over WebSocket or SPDY. */
type Exec = (connection: ApiConnection, request: ExecRequest) => Promise<ExecResult>;

/** A pair of pods that does not do what it should. */
interface WrongPair {
  readonly from: string;
  readonly to: string;
  readonly got: string;
}

const image = 'registry.k8s.io/e2e-test-images/agnhost:2.56';
const ports = [80, 81] as const;
/** Commands at a time; the suite has three, which takes longer and asks less. */
const parallel = 24;
/** How long a pair may be wrong after a change; the suite gives 10 s on machines of its own. */
const patienceMs = 60_000;

/** The model, up and running. */
export class NetpolCluster {
  readonly #client: KubeClient;
  readonly #connection: ApiConnection;
  /** By `namespace/name`. */
  readonly #services: ReadonlyMap<string, string>;
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(client: KubeClient, connection: ApiConnection, pods: readonly Pod[], services: readonly Service[]) {
    const keyed = (object: KubeObject, value: string | undefined): [string, string] => [
      `${object.metadata.namespace ?? ''}/${object.metadata.labels?.['pod'] ?? ''}`,
      value ?? '',
    ];
    this.#client = client;
    this.#connection = connection;
    this.#services = new Map(services.map((service) => keyed(service, service.spec?.clusterIP)));
    this.#addresses = new Map(pods.map((pod) => keyed(pod, pod.status?.podIP)));
  }

  /** Makes everything; resolves when all pods are ready. */
  static async make(cluster: LabCluster): Promise<NetpolCluster> {
    const items = [...netpolNamespaces.map(namespaceObject), ...netpolEnds.map(podObject), ...netpolEnds.map(serviceObject)];
    await cluster.kubectlOutput('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    for (const namespace of netpolNamespaces) {
      await cluster.kubectlOutput(`wait --for=condition=Ready pod --all -n ${namespace} --timeout=100s`);
    }
    const client = new KubeClient(await loadKubeconfig(cluster.env['KUBECONFIG'] ?? ''));
    const lists = await Promise.all(
      netpolNamespaces.map(async (namespace) => {
        const [pods, services] = await Promise.all([client.list<Pod>(podsPath(namespace)), client.list<Service>(servicesPath(namespace))]);
        return { pods: pods.items, services: services.items };
      }),
    );
    const connection = await apiConnectionOf(cluster);
    return new NetpolCluster(
      client,
      connection,
      lists.flatMap(({ pods }) => pods),
      lists.flatMap(({ services }) => services),
    );
  }

  close(): void {
    this.#client.close();
  }

  /** Brings policies and labels to the state, whatever they were. */
  async moveTo({ policies, labels = {} }: NetpolState): Promise<void> {
    for (const namespace of netpolNamespaces) {
      const { items } = await this.#client.list<NetworkPolicy>(networkPoliciesPath(namespace));
      for (const { metadata } of items) await this.#client.delete(networkPoliciesPath(namespace), metadata.name ?? '');
      await this.#client.patch(namespacesPath, namespace, { metadata: { labels: { ns2: labels[namespace]?.['ns2'] ?? null } } }, merge);
    }
    for (const end of netpolEnds) {
      const [namespace = '', name = ''] = end.split('/');
      const wanted = { pod2: labels[end]?.['pod2'] ?? null, target: labels[end]?.['target'] ?? null };
      await this.#client.patch(podsPath(namespace), name, { metadata: { labels: wanted } }, merge);
    }
    for (const policy of policies) {
      const { uid: _, ...metadata } = policy.metadata;
      await this.#client.create(networkPoliciesPath(metadata.namespace ?? ''), { ...policy, metadata, spec: this.#here(policy.spec) });
    }
  }

  /** The pairs of the given pods that are still wrong when patience has an end; retried as the suite does. */
  async wrongPairs(probe: NetpolProbe, ends: readonly string[], exec: Exec): Promise<readonly WrongPair[]> {
    const deadlineMs = Date.now() + patienceMs;
    let left = ends.flatMap((from) => ends.filter((to) => to !== from).map((to) => ({ from, to })));
    for (;;) {
      const results = await inParallel(left, async (pair) => ({ ...pair, got: await this.#connect(pair, probe, exec) }));
      const wrong = results.filter(({ from, to, got }) => (got === '') !== probe.reaches(from, to));
      if (wrong.length === 0 || Date.now() > deadlineMs) return wrong;
      left = wrong;
    }
  }

  /** Nothing when it connects, else what `/agnhost connect` says. */
  async #connect({ from, to }: { from: string; to: string }, { protocol, port }: NetpolProbe, exec: Exec): Promise<string> {
    const [namespace = '', pod = ''] = from.split('/');
    const target = `${this.#services.get(to) ?? ''}:${port}`;
    const command = ['/agnhost', 'connect', target, '--timeout=1s', `--protocol=${protocol.toLowerCase()}`];
    const { stderr, status } = await exec(this.#connection, { namespace, pod, container: 'cont-80-tcp', command });
    return status.status === 'Success' ? '' : stderr.trim() || JSON.stringify(status);
  }

  /** The model's addresses are those of a network on paper, with all pods in one /24; here a node has each. */
  #here(spec: NetworkPolicy['spec']): NetworkPolicy['spec'] {
    let text = JSON.stringify(spec);
    for (const end of netpolEnds) text = text.replaceAll(`"${netpolAddress(end)}/`, `"${this.#addresses.get(end) ?? ''}/`);
    return JSON.parse(text.replaceAll('/24"', '/16"')) as NetworkPolicy['spec'];
  }
}

const merge = { type: 'merge' } as const;

function namespaceObject(name: string): object {
  const level = Object.fromEntries(['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'baseline']));
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: level } };
}

function podObject(end: string): object {
  const [namespace = '', name = ''] = end.split('/');
  const containers = ports.flatMap((port) =>
    ['tcp', 'udp', 'sctp'].map((protocol) => ({
      name: `cont-${port}-${protocol}`,
      image,
      ports: [{ name: `serve-${port}-${protocol}`, containerPort: port, protocol: protocol.toUpperCase() }],
      ...(protocol === 'sctp'
        ? { command: ['/agnhost', 'porter'], env: [{ name: `SERVE_SCTP_PORT_${port}`, value: 'foo' }] }
        : { command: ['/agnhost', 'serve-hostname', `--${protocol}`, '--http=false', '--port', String(port)] }),
    })),
  );
  // Each name on the other node than the one before: a, b, c of a namespace are not all on one.
  const nodeName = `node${((netpolPods as readonly string[]).indexOf(name) % 2) + 1}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { pod: name } },
    spec: { nodeName, terminationGracePeriodSeconds: 0, containers },
  };
}

function serviceObject(end: string): object {
  const [namespace = '', name = ''] = end.split('/');
  const served = ports.flatMap((port) =>
    ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ name: `service-port-${protocol.toLowerCase()}-${port}`, protocol, port })),
  );
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s-${namespace}-${name}`, namespace, labels: { pod: name } },
    spec: { selector: { pod: name }, ports: served },
  };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}
