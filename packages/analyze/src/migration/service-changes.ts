/**
 * Services that clients outside reach through nodes, and for whom that changes.
 *
 * ```
 * client ─▶ node X (translates) ─┬▶ pod on X          judged as client → pod, or gone past policies with some engines
 *                                └▶ pod on another    judged there as X → pod: the client's address is X's by then
 * ```
 *
 * With `externalTrafficPolicy: Local` the client's own address comes to the pod, which is a flow like any other.
 */
import type { FlowChange, WorldComparison } from '@weir/connectivity';
import type { Service, ServicePort } from '@weir/kube';
import { type Endpoint, type FlowEnd, judgeQuestion, type PolicyWorld, systemOfEndpoint } from '@weir/model';
import { isTransportName, transportNumber } from '@weir/net';
import { type Snapshot, serviceBackends } from '@weir/snapshot';

/** Flows to one port of a service's pods that change. */
export interface ServiceChange {
  readonly service: Service;
  readonly comparison: WorldComparison;
  readonly change: FlowChange;
  /** `outside`: clients whose node has the pod; `nodes`: a node that hands on what came to it. */
  readonly clients: 'outside' | 'nodes';
  readonly sources: readonly number[];
  readonly backends: readonly number[];
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Of the pods. */
  readonly port: number;
}

/** Every change of every service. */
export function changedServiceFlows(comparisons: readonly WorldComparison[], snapshot: Snapshot): ServiceChange[] {
  return comparisons.flatMap((comparison) => {
    const finder = new ServiceFinder(comparison, snapshot);
    return snapshot.services.filter(isTranslatedByNodes).flatMap((service) => finder.changesOf(service));
  });
}

function isTranslatedByNodes({ spec }: Service): boolean {
  return (spec?.type === 'NodePort' || spec?.type === 'LoadBalancer') && spec.externalTrafficPolicy !== 'Local';
}

class ServiceFinder {
  readonly #comparison: WorldComparison;
  readonly #snapshot: Snapshot;
  readonly #classOf: ReadonlyMap<string, number>;

  constructor(comparison: WorldComparison, snapshot: Snapshot) {
    this.#comparison = comparison;
    this.#snapshot = snapshot;
    const { classes } = comparison.ends;
    this.#classOf = new Map(
      classes.flatMap(({ ends }, at) => ends.flatMap((end) => (end.kind === 'endpoint' ? [[end.endpoint.uid, at] as const] : []))),
    );
  }

  changesOf(service: Service): ServiceChange[] {
    return (service.spec?.ports ?? []).flatMap((port) => this.#changesOfPort(service, port));
  }

  #changesOfPort(service: Service, servicePort: ServicePort): ServiceChange[] {
    const { protocol = 'TCP' } = servicePort;
    if (!isTransportName(protocol)) return [];
    const byPort = new Map<number, Set<number>>();
    for (const { end, port } of serviceBackends(this.#snapshot, service, servicePort)) {
      const at = end.kind === 'endpoint' ? this.#classOf.get(end.endpoint.uid) : undefined;
      if (at !== undefined) byPort.set(port, (byPort.get(port) ?? new Set()).add(at));
    }
    return [...byPort].flatMap(([port, backends]) => {
      const found = new Map<
        string,
        { readonly change: FlowChange; readonly clients: ServiceChange['clients']; sources: Set<number>; backends: Set<number> }
      >();
      for (const backend of backends) {
        for (const [source, { kind }] of this.#comparison.ends.classes.entries()) {
          if (kind === 'pods') continue;
          const change = this.#changeOf({ source, backend, clients: kind, protocol, port });
          if (change === undefined) continue;
          const key = `${change} ${kind}`;
          const entry = found.get(key) ?? { change, clients: kind, sources: new Set(), backends: new Set() };
          found.set(key, { ...entry, sources: entry.sources.add(source), backends: entry.backends.add(backend) });
        }
      }
      return [...found.values()].map((entry) => ({
        ...entry,
        service,
        comparison: this.#comparison,
        sources: [...entry.sources],
        backends: [...entry.backends],
        protocol,
        port,
      }));
    });
  }

  #changeOf(asked: Asked): FlowChange | undefined {
    const { from, to } = this.#comparison;
    const [was, becomes] = [this.#passes(from, asked), this.#passes(to, asked)];
    return was === becomes ? undefined : was ? 'lost' : 'gained';
  }

  #passes(world: PolicyWorld, { source, backend, clients, protocol, port }: Asked): boolean {
    const { classes } = this.#comparison.ends;
    const target = classes[backend]?.ends[0];
    if (target?.kind !== 'endpoint') return false;
    if (clients === 'outside' && goesPast(world, target.endpoint)) return true;
    // A node reaches its own pods in any case, so another one is asked.
    const client = classes[source]?.ends.find((end) => end.kind !== 'node' || end.node.name !== target.endpoint.node);
    if (client === undefined) return true;
    return (
      judgeQuestion(world, { source: client, destination: target, protocol: transportNumber(protocol), destinationPort: port }) === 'allow'
    );
  }
}

interface Asked {
  readonly source: number;
  readonly backend: number;
  readonly clients: ServiceChange['clients'];
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

/** Whether what the pod's own node translates goes past its ingress policies: that is so with rules of iptables. */
function goesPast({ profile }: PolicyWorld, endpoint: Endpoint): boolean {
  return profile.nodePortBypassesIngress && systemOfEndpoint(endpoint) === 'linux';
}

/** The client and the pod that stand for a change, for an example. */
export function examplePair({ comparison, sources, backends }: ServiceChange): readonly [FlowEnd, FlowEnd] | undefined {
  const { classes } = comparison.ends;
  const target = classes[backends[0] ?? -1]?.ends[0];
  const own = target?.kind === 'endpoint' ? target.endpoint.node : undefined;
  const client = sources.flatMap((at) => classes[at]?.ends ?? []).find((end) => end.kind !== 'node' || end.node.name !== own);
  return client === undefined || target === undefined ? undefined : [client, target];
}
