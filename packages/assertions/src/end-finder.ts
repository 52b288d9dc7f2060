/**
 * Whom the words of an assertion mean in a cluster: pods by name, workload or labels, nodes, services, and addresses outside.
 *
 * Words that mean nobody are a problem, never an empty answer: an assertion about nobody would hold whatever the policies say.
 */
import { matchesLabelSelector, type Service } from '@weir/kube';
import { type Endpoint, type FlowEnd, namespaceNameKey, podName, serviceAccountKey, type WorldNode } from '@weir/model';
import { type AddressRange, cidrRange, formatAddress, nearestOf, parseAddress, parseCidr } from '@weir/net';
import { copiesOf, podKey, type Snapshot, serviceAt, serviceNamed } from '@weir/snapshot';
import { everyAddress, internetRanges } from './address-words.ts';
import type { EndPattern, PodPattern } from './assertion.ts';

/** Somebody who is meant. */
export type FoundEnd =
  /** `copies`: for how many equal pods it stands. */
  | { readonly kind: 'end'; readonly end: FlowEnd; readonly name: string; readonly copies: number }
  | { readonly kind: 'service'; readonly service: Service; readonly name: string }
  /** Addresses that are neither a pod's nor a node's. */
  | {
      readonly kind: 'block';
      readonly ranges: readonly AddressRange[];
      readonly name: string /** Whether one family alone is named. */;
      readonly ofOneFamily: boolean;
    };

/** Who is meant, or why nobody is. */
export type Found =
  | {
      readonly kind: 'found';
      readonly ends: readonly FoundEnd[] /** Whether a word for all of a kind was used, which leaves a pod's own node out. */;
      readonly isCollective: boolean;
    }
  | EndProblem;

/** Why nobody is meant. */
export interface EndProblem {
  readonly kind: 'problem';
  readonly message: string;
  readonly action: string;
  /** The field with the words. */
  readonly path: string;
}

/** Names nest at most so deep. */
const nestedMax = 8;

/** Finds ends in one snapshot. */
export class EndFinder {
  readonly #snapshot: Snapshot;
  readonly #names: ReadonlyMap<string, readonly EndPattern[]>;

  /** `names`: those that the file gives to ends. */
  constructor(snapshot: Snapshot, names: ReadonlyMap<string, readonly EndPattern[]>) {
    this.#snapshot = snapshot;
    this.#names = names;
  }

  /** All that the patterns mean together, each end once. */
  findAll(patterns: readonly EndPattern[], depth = 0): Found {
    const ends = new Map<string, FoundEnd>();
    let isCollective = false;
    for (const pattern of patterns) {
      const found = pattern.pods === undefined ? this.#byText(pattern, depth) : this.#byPods(pattern, pattern.pods);
      if (found.kind === 'problem') return found;
      isCollective ||= found.isCollective;
      for (const end of found.ends) ends.set(`${end.kind} ${end.name}`, end);
    }
    return { kind: 'found', ends: [...ends.values()], isCollective };
  }

  #byText(pattern: EndPattern, depth: number): Found {
    const { text } = pattern;
    const collective = this.#collective(pattern);
    if (collective !== undefined) return collective;
    const address = parseAddress(text);
    if (address !== undefined) {
      const service = serviceAt(this.#snapshot, formatAddress(address));
      if (service !== undefined) return one({ kind: 'service', service, name: podKey(service) });
      return one(this.#endOf(this.#snapshot.world.endAt(address)));
    }
    const block = parseCidr(text);
    if (block !== undefined) return one({ kind: 'block', ranges: [cidrRange(block)], name: text, ofOneFamily: true });
    const [, prefix, rest = ''] = /^(svc|service|node):(.*)$/.exec(text) ?? [];
    if (prefix === 'node') return this.#node(pattern, rest);
    if (prefix !== undefined) return this.#service(pattern, rest);
    const named = this.#names.get(text);
    if (named !== undefined) {
      if (depth >= nestedMax)
        return problem(pattern, `${text} is named by itself`, 'give the names in ends to ends that are no such names');
      return this.findAll(named, depth + 1);
    }
    return text.includes('/') ? this.#byName(pattern, text) : this.#byBareName(pattern);
  }

  #collective(pattern: EndPattern): Found | undefined {
    const pods = (): FoundEnd[] => [...this.#snapshot.endpoints.values()].map((endpoint) => this.#endpoint(endpoint));
    const nodes = (): FoundEnd[] => this.#snapshot.nodes.map(nodeOf);
    const block = (name: string, ranges: readonly AddressRange[]): FoundEnd => ({ kind: 'block', ranges, name, ofOneFamily: false });
    const all = (ends: readonly FoundEnd[]): Found =>
      ends.length === 0
        ? problem(pattern, `there are no ${pattern.text}`, 'an assertion about nobody always holds: give manifests that have some')
        : { kind: 'found', ends, isCollective: true };
    switch (pattern.text) {
      case 'pods':
        return all(pods());
      case 'nodes':
        return all(nodes());
      case 'outside':
        return all([block('outside', everyAddress)]);
      case 'internet':
        return all([block('internet', internetRanges)]);
      case 'any':
        return all([...pods(), ...nodes(), block('outside', everyAddress)]);
      default:
        return undefined;
    }
  }

  #node(pattern: EndPattern, name: string): Found {
    const node = this.#snapshot.nodes.find((each) => each.name === name);
    if (node !== undefined) return one(nodeOf(node));
    const near = nearestOf(
      name,
      this.#snapshot.nodes.map((each) => each.name),
    );
    return problem(pattern, `there is no node ${name}`, near === undefined ? 'name a node of the cluster' : `did you mean node:${near}?`);
  }

  #service(pattern: EndPattern, text: string): Found {
    const [namespace = '', name = ''] = text.split('/');
    const service = serviceNamed(this.#snapshot, namespace, name);
    if (service !== undefined) return one({ kind: 'service', service, name: podKey(service) });
    const near = nearestOf(text, this.#snapshot.services.map(podKey));
    return problem(
      pattern,
      `there is no service ${text}`,
      near === undefined ? 'write svc:namespace/service' : `did you mean svc:${near}?`,
    );
  }

  #byName(pattern: EndPattern, name: string): Found {
    const endpoint = this.#snapshot.endpoints.get(name);
    if (endpoint !== undefined) return one(this.#endpoint(endpoint));
    const pod = this.#snapshot.pods.get(name);
    if (pod?.spec?.hostNetwork === true) {
      const node = this.#snapshot.nodes.find((each) => each.name === pod.spec?.nodeName);
      if (node !== undefined) return one({ ...nodeOf(node), name: `${name} (on the host's network of ${node.name})` });
      return problem(
        pattern,
        `pod ${name} is on the host's network, and its node is not known`,
        'policies see its node: give the Node, or name an address',
      );
    }
    if (pod !== undefined) return problem(pattern, `pod ${name} has finished and has no network any more`, 'name a pod that runs');
    const pods = [...this.#snapshot.workloads].filter(([, workload]) => `${workload.namespace}/${workload.name}` === name);
    const ends = pods.flatMap(([key]) => this.#snapshot.endpoints.get(key) ?? []);
    if (ends.length > 0) return { kind: 'found', ends: ends.map((each) => this.#endpoint(each)), isCollective: false };
    return problem(pattern, `there is no pod or workload ${name}`, this.#hintFor(name));
  }

  #hintFor(name: string): string {
    const [, kind, rest = ''] = /^(service|svc|node)\/(.+)$/.exec(name) ?? [];
    const isMeant =
      kind === 'node'
        ? this.#snapshot.nodes.some((each) => each.name === rest)
        : this.#snapshot.services.some((each) => podKey(each) === rest);
    if (kind !== undefined && isMeant) return `write ${kind === 'node' ? 'node' : 'svc'}:${rest}`;
    if (this.#snapshot.services.some((service) => podKey(service) === name)) return `write svc:${name} for the service of this name`;
    const workloads = [...this.#snapshot.workloads.values()].map((each) => `${each.namespace}/${each.name}`);
    const near = nearestOf(name, [...new Set([...workloads, ...this.#snapshot.pods.keys()])]);
    return near === undefined ? 'name it as namespace/pod or namespace/workload, or write labels' : `did you mean ${near}?`;
  }

  #byBareName(pattern: EndPattern): Found {
    const { text } = pattern;
    const keys = [...this.#snapshot.pods.keys()].filter((key) => key.endsWith(`/${text}`));
    if (keys.length > 1) return problem(pattern, `${text} is a pod in several namespaces`, `write one of ${keys.join(', ')}`);
    if (keys[0] !== undefined) return this.#byName(pattern, keys[0]);
    const words = ['any', 'pods', 'nodes', 'outside', 'internet'];
    const near = nearestOf(text, [...this.#names.keys(), ...words]);
    const action =
      'write namespace/pod, namespace/workload, svc:namespace/service, an address, a block, node:name, any, pods, nodes, outside or internet';
    return problem(pattern, `${text} is nobody`, near === undefined ? action : `did you mean ${near}?`);
  }

  #byPods(pattern: EndPattern, pods: PodPattern): Found {
    const { world, endpoints } = this.#snapshot;
    const candidates = [...endpoints.values()].filter((endpoint) => matchesOwn(pods, endpoint));
    const { namespaceSelector } = pods;
    if (namespaceSelector === undefined) return this.#chosen(pattern, pods, candidates);
    const unknown = candidates.find(({ namespace }) => world.unknownNamespaces.has(namespace));
    if (unknown !== undefined)
      return problem(
        pattern,
        `the labels of namespace ${unknown.namespace} are not known`,
        'give the Namespace object, or name the namespace',
      );
    const chosen = candidates.filter(({ namespace, labels }) =>
      matchesLabelSelector(namespaceSelector, { ...labels.namespace, [namespaceNameKey]: namespace }),
    );
    return this.#chosen(pattern, pods, chosen);
  }

  #chosen(pattern: EndPattern, pods: PodPattern, chosen: readonly Endpoint[]): Found {
    if (chosen.length > 0) return { kind: 'found', ends: chosen.map((each) => this.#endpoint(each)), isCollective: false };
    const near = this.#nearestLabel(pods);
    const action = near ?? 'an assertion about nobody always holds: correct the labels, or give the manifests of these pods';
    return problem(pattern, `no pod matches ${pattern.text}`, action);
  }

  /** A label or a namespace that nobody has, and one that somebody has. */
  #nearestLabel({ namespaces = [], labels = {}, podSelector }: PodPattern): string | undefined {
    const all = [...this.#snapshot.endpoints.values()];
    const known = new Set(all.map(({ namespace }) => namespace));
    const strange = namespaces.find((name) => !known.has(name));
    if (strange !== undefined) {
      const near = nearestOf(strange, known);
      return near === undefined
        ? `there are no pods in namespace ${strange}`
        : `there are no pods in namespace ${strange}: did you mean ${near}?`;
    }
    const texts = new Set(all.flatMap((endpoint) => Object.entries(endpoint.labels.pod).map(([key, value]) => `${key}=${value}`)));
    for (const [key, value] of Object.entries({ ...labels, ...podSelector?.matchLabels })) {
      if (texts.has(`${key}=${value}`)) continue;
      const near = nearestOf(`${key}=${value}`, texts);
      return near === undefined ? `no pod has the label ${key}=${value}` : `no pod has the label ${key}=${value}: did you mean ${near}?`;
    }
    return undefined;
  }

  #endpoint(endpoint: Endpoint): FoundEnd & { kind: 'end' } {
    return { kind: 'end', end: { kind: 'endpoint', endpoint }, name: podName(endpoint), copies: copiesOf(this.#snapshot, endpoint) };
  }

  #endOf(end: FlowEnd): FoundEnd {
    if (end.kind === 'endpoint') return { ...this.#endpoint(end.endpoint), end };
    if (end.kind === 'node') return { ...nodeOf(end.node), end };
    const { address } = end;
    return { kind: 'block', ranges: [{ first: address, last: address }], name: formatAddress(address), ofOneFamily: true };
  }
}

function matchesOwn({ namespaces, labels, podSelector, serviceAccount }: PodPattern, endpoint: Endpoint): boolean {
  const { pod, reserved } = endpoint.labels;
  return (
    (namespaces?.includes(endpoint.namespace) ?? true) &&
    Object.entries(labels ?? {}).every(([key, value]) => pod[key] === value) &&
    (podSelector === undefined || matchesLabelSelector(podSelector, pod)) &&
    (serviceAccount === undefined || reserved[serviceAccountKey.key] === serviceAccount)
  );
}

function nodeOf(node: WorldNode): FoundEnd & { kind: 'end' } {
  return { kind: 'end', end: { kind: 'node', node }, name: `node ${node.name}`, copies: 1 };
}

function one(end: FoundEnd): Found {
  return { kind: 'found', ends: [end], isCollective: false };
}

function problem({ path }: EndPattern, message: string, action: string): EndProblem {
  return { kind: 'problem', message, action, path };
}
