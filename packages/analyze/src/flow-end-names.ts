/**
 * What a person names as the end of a flow: pods by their names, workloads or labels, services by their names, addresses
 * or names in the domain name system, addresses, nodes, host endpoints and hosts of the lab.
 */
import type { Pod, Service } from '@weir/kube';
import type { FlowEnd } from '@weir/model';
import { type Address, type Family, formatAddress, nearestOf, parseAddress, parseCidr } from '@weir/net';
import { podKey, type Snapshot, serviceAt, serviceNamed } from '@weir/snapshot';

/** Why there is no verdict. */
export type FlowRefusal =
  | 'not-found'
  | 'ambiguous'
  | 'too-many'
  | 'no-common-family'
  | 'no-such-service-port'
  | 'no-backend'
  | 'finished-pod'
  | 'bad-port';

/** What a name stands for: the pods of a workload are several ends. */
export type NamedEnd =
  | { readonly kind: 'ends'; readonly ends: readonly FlowEnd[] }
  | { readonly kind: 'service'; readonly service: Service }
  | { readonly kind: 'refused'; readonly code: FlowRefusal; readonly message: string; readonly action: string };

/** What names are looked up in besides the objects. */
export interface NameSurroundings {
  readonly hosts?: ReadonlyMap<string, readonly Address[]>;
  readonly family?: Family;
}

/** The kinds of ends with the names and short names that kubectl has for them. */
const kindNames: Readonly<Record<string, readonly string[]>> = {
  Pod: ['pod', 'pods', 'po'],
  Service: ['service', 'services', 'svc'],
  Node: ['node', 'nodes', 'no'],
  Deployment: ['deployment', 'deployments', 'deploy'],
  StatefulSet: ['statefulset', 'statefulsets', 'sts'],
  DaemonSet: ['daemonset', 'daemonsets', 'ds'],
  ReplicaSet: ['replicaset', 'replicasets', 'rs'],
  ReplicationController: ['replicationcontroller', 'replicationcontrollers', 'rc'],
  Job: ['job', 'jobs'],
  CronJob: ['cronjob', 'cronjobs', 'cj'],
  Rollout: ['rollout', 'rollouts'],
  DeploymentConfig: ['deploymentconfig', 'deploymentconfigs', 'dc'],
};
const kindOfName = new Map(Object.entries(kindNames).flatMap(([kind, names]) => names.map((name) => [name, kind] as const)));

/** Finds what the text names. */
export function namedEnd(snapshot: Snapshot, text: string, surroundings: NameSurroundings): NamedEnd {
  return new EndFinder(snapshot, surroundings).find(text);
}

/** A name in parts; what is not said is undefined. */
interface NameParts {
  readonly namespace?: string;
  readonly kind?: string;
  readonly name: string;
}

class EndFinder {
  readonly #snapshot: Snapshot;
  readonly #surroundings: NameSurroundings;

  constructor(snapshot: Snapshot, surroundings: NameSurroundings) {
    this.#snapshot = snapshot;
    this.#surroundings = surroundings;
  }

  find(text: string): NamedEnd {
    const address = parseAddress(text);
    if (address !== undefined) {
      const service = serviceAt(this.#snapshot, formatAddress(address));
      return service === undefined ? this.#ends([this.#snapshot.world.endAt(address)]) : { kind: 'service', service };
    }
    const host = this.#host(text);
    if (host !== undefined) return this.#ends([this.#snapshot.world.endAt(host)]);
    if (text.includes('=')) return this.#byLabels(text);
    return this.#byParts(partsOf(text)) ?? this.#byParts(kindFirstPartsOf(text)) ?? this.#byDomainName(text) ?? this.#notFound(text);
  }

  #host(text: string): Address | undefined {
    const { hosts, family } = this.#surroundings;
    const addresses = hosts?.get(text) ?? [];
    return addresses.find((candidate) => candidate.family === family) ?? addresses[0];
  }

  #byParts(parts: NameParts | undefined): NamedEnd | undefined {
    if (parts === undefined) return undefined;
    const { namespace, kind, name } = parts;
    const isAsked = (asked: string): boolean => kind === undefined || kind === asked;
    if (kind === 'Node') return this.#node(name);
    const pods = this.#pods(parts);
    if (pods.length > 0) return this.#onlyOne(pods, namespace) ?? this.#endsOfPods(pods.map(({ key }) => key));
    if (isAsked('Service')) {
      const services =
        namespace === undefined
          ? this.#snapshot.services.filter(({ metadata }) => metadata.name === name)
          : [serviceNamed(this.#snapshot, namespace, name)].filter((service) => service !== undefined);
      const owners = services.map((service) => ({ key: podKey(service), owner: podKey(service) }));
      const [service] = services;
      if (service !== undefined) return this.#onlyOne(owners, namespace) ?? { kind: 'service', service };
    }
    return kind === undefined && namespace === undefined ? this.#node(name) : undefined;
  }

  /** The pods of that name, else those of the workload of that name, each with what was named. */
  #pods({ namespace, kind, name }: NameParts): readonly NamedPod[] {
    const { pods, workloads } = this.#snapshot;
    const isThere = (candidate: string): boolean => namespace === undefined || candidate === namespace;
    // A planned pod is called like its workload, and is that.
    if (kind === undefined || kind === 'Pod') {
      const keys = namespace === undefined ? [...pods.keys()].filter((key) => key.endsWith(`/${name}`)) : [`${namespace}/${name}`];
      const found = keys.filter((key) => pods.has(key) && (kind === undefined || workloads.get(key)?.planned !== true));
      if (found.length > 0 || kind === 'Pod') return found.map((key) => ({ key, owner: key }));
    }
    return [...workloads].flatMap(([key, workload]) => {
      const isNamed = workload.name === name && isThere(workload.namespace) && (kind === undefined || workload.kind === kind);
      return isNamed && pods.has(key) ? [{ key, owner: `${workload.namespace}/${workload.name}` }] : [];
    });
  }

  /** A refusal where the name is that of several. */
  #onlyOne(found: readonly NamedPod[], namespace: string | undefined): NamedEnd | undefined {
    const owners = [...new Set(found.map(({ owner }) => owner))];
    if (namespace !== undefined || owners.length < 2) return undefined;
    const name = owners[0]?.split('/')[1] ?? '';
    const shown = owners.slice(0, shownMax).join(', ');
    const more = owners.length > shownMax ? ` and ${owners.length - shownMax} more` : '';
    return refused('ambiguous', `'${name}' is in several namespaces`, `write one of ${shown}${more}`);
  }

  #endsOfPods(keys: readonly string[]): NamedEnd {
    const ends = keys.map((key) => this.#endOfPod(key));
    const good = ends.filter((end): end is FlowEnd => !('code' in end));
    const bad = ends.find((end): end is NamedEnd & { kind: 'refused' } => 'code' in end);
    return good.length === 0 && bad !== undefined ? bad : this.#ends(good);
  }

  #endOfPod(key: string): FlowEnd | (NamedEnd & { kind: 'refused' }) {
    const endpoint = this.#snapshot.endpoints.get(key);
    if (endpoint !== undefined) return { kind: 'endpoint', endpoint };
    const pod = this.#snapshot.pods.get(key);
    return pod === undefined ? this.#notFound(key) : this.#hostPod(pod);
  }

  /** A pod that is no endpoint: it has finished, or it shares the addresses of its node. */
  #hostPod(pod: Pod): FlowEnd | (NamedEnd & { kind: 'refused' }) {
    if (pod.spec?.hostNetwork !== true) {
      const phase = pod.status?.phase ?? '';
      return refused('finished-pod', `pod ${podKey(pod)} has finished (${phase}) and has no network any more`, 'name a running pod');
    }
    // One that is not placed yet is on a node that nobody knows.
    const name = pod.spec.nodeName ?? `of pod ${podKey(pod)}`;
    const node = this.#snapshot.nodes.find((candidate) => candidate.name === name) ?? { name, addresses: [] };
    return { kind: 'node', node };
  }

  /** `app=web`, `app=web,tier=front`, and with `NAMESPACE/` before it the pods of one namespace. */
  #byLabels(text: string): NamedEnd {
    const { endpoints } = this.#snapshot;
    const [start = '', ...rest] = text.split('/');
    const inNamespace = !start.includes('=') && [...endpoints.values()].some(({ namespace }) => namespace === start);
    const wanted = (inNamespace ? rest.join('/') : text).split(',').map((part) => part.split('='));
    if (wanted.some(({ length }) => length !== 2))
      return refused('not-found', `${text} is no list of labels`, 'write app=web, or app=web,tier=front');
    const ends = [...endpoints.values()].flatMap((endpoint): FlowEnd[] => {
      const has = wanted.every(([key = '', value]) => endpoint.labels.pod[key.trim()] === value?.trim());
      return has && (!inNamespace || endpoint.namespace === start) ? [{ kind: 'endpoint', endpoint }] : [];
    });
    if (ends.length > 0) return this.#ends(ends);
    const labels = new Set(
      [...endpoints.values()].flatMap(({ labels: { pod } }) => Object.entries(pod).map(([key, value]) => `${key}=${value}`)),
    );
    const missing = wanted.map((part) => part.join('=')).filter((label) => !labels.has(label));
    const nearest = missing.map((label) => nearestOf(label, labels)).find((label) => label !== undefined);
    const action = nearest === undefined ? 'name labels that a pod has' : `did you mean ${nearest}?`;
    return refused('not-found', `no pod has ${missing[0] ?? text}`, action);
  }

  /** `db.shop`, `db.shop.svc`, `db.shop.svc.cluster.local`, and of a pod behind a headless service `db-0.db.shop.svc`. */
  #byDomainName(text: string): NamedEnd | undefined {
    const [, host, name = '', namespace = ''] = /^(?:([^./]+)\.)?([^./]+)\.([^./]+)(?:\.svc(?:\.[^/]+)?)?\.?$/.exec(text) ?? [];
    const service = serviceNamed(this.#snapshot, namespace, name);
    if (service === undefined) return undefined;
    return host === undefined ? { kind: 'service', service } : this.#byParts({ namespace, kind: 'Pod', name: host });
  }

  /** A node by its name, or by that of one of its host endpoints, whose address it has then. */
  #node(text: string): NamedEnd | undefined {
    const { nodes, hosts } = this.#snapshot;
    const host = hosts.find(({ name }) => name === text);
    const node = nodes.find(({ name }) => name === text) ?? nodes.find(({ name }) => name === host?.node);
    if (node === undefined) return undefined;
    const addresses = node.name === text ? [] : (host?.addresses ?? []);
    const { family } = this.#surroundings;
    const address = addresses.find((candidate) => family === undefined || candidate.family === family);
    return this.#ends([{ kind: 'node', node, ...(address === undefined ? {} : { address }) }]);
  }

  #ends(ends: readonly FlowEnd[]): NamedEnd {
    return { kind: 'ends', ends };
  }

  #notFound(text: string): NamedEnd & { kind: 'refused' } {
    if (parseCidr(text) !== undefined) {
      return refused('not-found', `${text} is a block of addresses`, 'name one address of it; weir matrix tells of whole blocks');
    }
    const near = this.#nearNames(text);
    const hint = 'name it as namespace/pod, namespace/workload, namespace/service, labels, an address, a node or a host';
    const action = near.length === 0 ? hint : `did you mean ${near.join(' or ')}?`;
    return refused('not-found', `there is no pod, workload, service, node or host ${text}`, action);
  }

  /** What has the same name elsewhere, at most three; else what is spelled nearly like it. */
  #nearNames(text: string): readonly string[] {
    const { pods, workloads, services, nodes, hosts } = this.#snapshot;
    const { kind, name } = kindFirstPartsOf(text) ?? partsOf(text) ?? { kind: undefined, name: text };
    const placed = new Set([
      ...pods.keys(),
      ...[...workloads.values()].map((workload) => `${workload.namespace}/${workload.name}`),
      ...services.map(podKey),
    ]);
    const same = [...placed].filter((key) => key.endsWith(`/${name}`)).slice(0, shownMax);
    if (same.length > 0) return same;
    const others = [...nodes.map((node) => node.name), ...hosts.map((host) => host.name), ...(this.#surroundings.hosts?.keys() ?? [])];
    const isPlaced = text.includes('/') && kind === undefined;
    const names = new Map([...placed].map((key) => [isPlaced ? key : (key.split('/')[1] ?? key), key]));
    const nearest = nearestOf(isPlaced ? text : name, [...names.keys(), ...others]);
    return nearest === undefined ? [] : [names.get(nearest) ?? nearest];
  }
}

interface NamedPod {
  readonly key: string;
  /** The name that it was found by, with its namespace. */
  readonly owner: string;
}

/** So many names are told. */
const shownMax = 3;

/** `web`, `shop/web`, `shop/deploy/web`, `svc:shop/web`. */
function partsOf(text: string): NameParts | undefined {
  if (text.startsWith('svc:')) {
    const parts = partsOf(text.slice('svc:'.length));
    return parts === undefined ? undefined : { ...parts, kind: 'Service' };
  }
  const [first = '', second, third, ...more] = text.split('/');
  if (second === undefined) return { name: first };
  if (third === undefined) return { namespace: first, name: second };
  const kind = kindIn(second);
  return kind === undefined || more.length > 0 ? undefined : { namespace: first, kind, name: third };
}

/** `deployment/web`, `deployment.apps/web`: a kind in place of the namespace. */
function kindFirstPartsOf(text: string): NameParts | undefined {
  const [first = '', name, ...more] = text.split('/');
  const kind = kindIn(first);
  return kind === undefined || name === undefined || more.length > 0 ? undefined : { kind, name };
}

function kindIn(word: string): string | undefined {
  return kindOfName.get(word.replace(/\..*/, '').toLowerCase());
}

function refused(code: FlowRefusal, message: string, action: string): NamedEnd & { kind: 'refused' } {
  return { kind: 'refused', code, message, action };
}
