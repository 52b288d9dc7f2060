/** A NetworkPolicy while a patch of it is being written: peers, ports and rules by their places in the original. */
import {
  defaultNetworkPolicy,
  type NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type NetworkPolicySpec,
} from '@weir/kube';
import type { Direction } from '@weir/model';

/** Something that the patch changes. */
export interface PolicyEdit {
  /** For example `spec.egress[0].to`. */
  readonly field: string;
  /** For example `adds the pods that 10.0.0.0/8 holds`. */
  readonly what: string;
}

/** A peer or a port of a rule, by its place in the original. */
export interface EntryPlace {
  readonly direction: Direction;
  readonly rule: number;
  readonly index: number;
}

/** A rule of either direction. */
export interface DraftRule {
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
}

interface EditedRule {
  /** By their places in the original; what stands for one peer or port there. */
  readonly peers: NetworkPolicyPeer[][];
  readonly ports: NetworkPolicyPort[][];
}

interface BuiltRule {
  readonly peers?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

/** The draft; begins as the policy with its defaults. */
export class PolicyDraft {
  readonly #policy: NetworkPolicy;
  readonly #spec: ReturnType<typeof defaultNetworkPolicy>['spec'];
  readonly #rules: Readonly<Record<Direction, EditedRule[]>>;
  readonly #edits: PolicyEdit[] = [];

  constructor(policy: NetworkPolicy) {
    this.#policy = policy;
    this.#spec = defaultNetworkPolicy(policy).spec;
    const { ingress = [], egress = [] } = this.#spec;
    this.#rules = {
      ingress: ingress.map(({ from = [], ports = [] }) => edited(from, ports)),
      egress: egress.map(({ to = [], ports = [] }) => edited(to, ports)),
    };
  }

  get namespace(): string {
    return this.#policy.metadata.namespace ?? 'default';
  }

  get edits(): readonly PolicyEdit[] {
    return this.#edits;
  }

  /** The rules of a direction as they are in the original. */
  rulesOf(direction: Direction): readonly DraftRule[] {
    const { ingress = [], egress = [] } = this.#spec;
    if (direction === 'ingress') return ingress.map(({ from = [], ports = [] }) => ({ peers: from, ports }));
    return egress.map(({ to = [], ports = [] }) => ({ peers: to, ports }));
  }

  /** Adds peers behind those that the rule has; the rule must have some. */
  addPeers(direction: Direction, rule: number, peers: readonly NetworkPolicyPeer[], what: string): void {
    const known = new Set(this.#rules[direction][rule]?.peers.flat().map((peer) => JSON.stringify(peer)));
    const added = peers.filter((peer) => !known.has(JSON.stringify(peer)));
    if (added.length === 0) return;
    this.#rules[direction][rule]?.peers.push(added);
    this.#tell(`${rulePath(direction, rule)}.${listName(direction)}`, what);
  }

  /** Puts peers where one was. */
  replacePeer({ direction, rule, index }: EntryPlace, peers: readonly NetworkPolicyPeer[], what: string): void {
    const list = this.#rules[direction][rule]?.peers;
    if (list === undefined) return;
    list[index] = [...peers];
    this.#tell(`${rulePath(direction, rule)}.${listName(direction)}[${index}]`, what);
  }

  /** Puts ports where one was, or adds them to it. */
  replacePort({ direction, rule, index }: EntryPlace, ports: readonly NetworkPolicyPort[], what: string): void {
    const list = this.#rules[direction][rule]?.ports;
    if (list === undefined) return;
    list[index] = [...ports];
    this.#tell(`${rulePath(direction, rule)}.ports[${index}]`, what);
  }

  /** Adds a rule behind the others, unless there is such a one. */
  addRule(direction: Direction, { peers, ports }: DraftRule, what: string): void {
    const rule = edited(peers, ports);
    const text = JSON.stringify(rule);
    if (!this.#rules[direction].some((other) => JSON.stringify(other) === text)) this.#rules[direction].push(rule);
    this.#tell(`spec.${direction}`, what);
  }

  /** The policy as it would be applied. */
  build(): NetworkPolicy {
    const { name, namespace, labels, annotations = {} } = this.#policy.metadata;
    const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...kept } = annotations;
    const { ingress: _ingress, egress: _egress, ...spec } = this.#spec;
    const [ingress, egress] = [this.#rules.ingress.flatMap(built), this.#rules.egress.flatMap(built)];
    const rules: Pick<NetworkPolicySpec, 'ingress' | 'egress'> = {
      ...(ingress.length === 0 && _ingress === undefined
        ? {}
        : { ingress: ingress.map(({ peers, ports }) => ({ ...(peers && { from: peers }), ...(ports && { ports }) })) }),
      ...(egress.length === 0 && _egress === undefined
        ? {}
        : { egress: egress.map(({ peers, ports }) => ({ ...(peers && { to: peers }), ...(ports && { ports }) })) }),
    };
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        ...(name === undefined ? {} : { name }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(labels === undefined ? {} : { labels }),
        ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
      },
      spec: { ...spec, ...rules },
    };
  }

  #tell(field: string, what: string): void {
    if (!this.#edits.some((edit) => edit.field === field && edit.what === what)) this.#edits.push({ field, what });
  }
}

function edited(peers: readonly NetworkPolicyPeer[], ports: readonly NetworkPolicyPort[]): EditedRule {
  return { peers: peers.map((peer) => [peer]), ports: ports.map((port) => [port]) };
}

/** A list without entries asks nothing: a rule that has lost all peers or ports matches nothing, and is left out. */
function built({ peers, ports }: EditedRule): BuiltRule[] {
  const rule = { ...(peers.length === 0 ? {} : { peers: peers.flat() }), ...(ports.length === 0 ? {} : { ports: ports.flat() }) };
  return rule.peers?.length === 0 || rule.ports?.length === 0 ? [] : [rule];
}

function rulePath(direction: Direction, rule: number): string {
  return `spec.${direction}[${rule}]`;
}

function listName(direction: Direction): string {
  return direction === 'ingress' ? 'from' : 'to';
}
