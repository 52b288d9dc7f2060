/**
 * What a NetworkPolicy cannot say with Cilium, where no block means a node: a CiliumNetworkPolicy beside it that lets the
 * same pods reach nodes, or nodes reach them, by the entities `host` (the own node) and `remote-node` (all others).
 */
import type { KubeObject, LabelSelector, NetworkPolicy, NetworkPolicyPort } from '@weir/kube';
import type { Direction } from '@weir/model';

/** The own node of a pod, or the others. */
export type NodeEntity = 'host' | 'remote-node';

/** A policy that stands beside a patched one, and what it is for. */
export interface AddedPolicy {
  /** One sentence part each, such as `lets the own node be reached`. */
  readonly what: readonly string[];
  readonly policy: KubeObject;
}

interface CiliumPort {
  readonly port: string;
  readonly endPort?: number;
  readonly protocol: string;
}

interface EntityRule {
  readonly entities: readonly NodeEntity[];
  /** Absent: all traffic. */
  readonly ports?: readonly CiliumPort[];
}

/** Collects what one policy has to have beside it. */
export class NodePolicyDraft {
  readonly #rules: Readonly<
    Record<Direction, Map<string, { readonly entities: Set<NodeEntity>; readonly ports?: readonly CiliumPort[] }>>
  > = { ingress: new Map(), egress: new Map() };
  readonly #what: Set<string> = new Set();

  /** Lets nodes through, on the ports of a rule; none of them is all traffic. In egress a name is a port of the node, which has none. */
  allow(direction: Direction, { entity, ports }: { readonly entity: NodeEntity; readonly ports: readonly NetworkPolicyPort[] }): void {
    const written = ports.filter(({ port }) => direction === 'ingress' || typeof port !== 'string').map(ciliumPort);
    if (ports.length > 0 && written.length === 0) return;
    const key = JSON.stringify(written);
    const rules = this.#rules[direction];
    const rule = rules.get(key) ?? { entities: new Set(), ...(written.length === 0 ? {} : { ports: written }) };
    rules.set(key, { ...rule, entities: rule.entities.add(entity) });
    const nodes = entity === 'host' ? 'the own node' : 'other nodes';
    this.#what.add(direction === 'ingress' ? `lets ${nodes} in` : `lets ${nodes} be reached`);
  }

  /** The policy for the pods of the one that is patched; undefined where nothing is asked of it. */
  build({ metadata, spec }: NetworkPolicy): AddedPolicy | undefined {
    const [ingress, egress] = [this.#written('ingress'), this.#written('egress')];
    if (ingress.length === 0 && egress.length === 0) return undefined;
    const { name = '', namespace = 'default' } = metadata;
    const endpointSelector: LabelSelector = spec?.podSelector ?? {};
    return {
      what: [...this.#what],
      policy: {
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumNetworkPolicy',
        metadata: { name: `${name}-nodes`, namespace },
        spec: {
          endpointSelector,
          ...(ingress.length === 0
            ? {}
            : { ingress: ingress.map(({ entities, ports }) => ({ fromEntities: entities, ...toPorts(ports) })) }),
          ...(egress.length === 0 ? {} : { egress: egress.map(({ entities, ports }) => ({ toEntities: entities, ...toPorts(ports) })) }),
        },
      } as KubeObject,
    };
  }

  /** Without what a rule for all traffic allows in any case. */
  #written(direction: Direction): EntityRule[] {
    const rules = [...this.#rules[direction].values()];
    const everywhere = rules.find(({ ports }) => ports === undefined)?.entities ?? new Set();
    return rules.flatMap(({ entities, ports }) => {
      const own = [...entities].filter((entity) => ports === undefined || !everywhere.has(entity)).sort();
      return own.length === 0 ? [] : [{ entities: own, ...(ports === undefined ? {} : { ports }) }];
    });
  }
}

function toPorts(ports: readonly CiliumPort[] | undefined): object {
  return ports === undefined ? {} : { toPorts: [{ ports }] };
}

function ciliumPort({ port, endPort, protocol = 'TCP' }: NetworkPolicyPort): CiliumPort {
  if (port === undefined) return { port: '1', endPort: 65_535, protocol };
  return { port: `${port}`, ...(endPort === undefined ? {} : { endPort }), protocol };
}
