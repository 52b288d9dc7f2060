/** What an agent measures, collected from its parts. */
import type { Engine } from '@weir/calc';
import type { Dataplane } from '@weir/dataplane';
import type { Direction } from '@weir/model';
import type { Enforcer } from '../enforcement/enforcer.ts';
import type { EstablishedConnections } from '../enforcement/established-connections.ts';
import type { Sources } from '../sources/sources.ts';
import type { AttachmentStore } from '../start-gate/attachment.ts';
import { enforcementMetrics } from './enforcement-metrics.ts';
import type { MetricsCollector } from './metrics-registry.ts';
import { PolicyPackets, type ProgramOwners } from './policy-packets.ts';
import { sourceMetrics } from './source-metrics.ts';
import type { SyncLatency } from './sync-latency.ts';

/** The parts that are measured. */
export interface MeasuredParts {
  readonly engine: Engine;
  readonly enforcer: Enforcer;
  readonly dataplane: Dataplane;
  readonly connections: EstablishedConnections;
  readonly sources: Sources;
  readonly attachments: AttachmentStore;
  readonly latency: SyncLatency;
  /** How many policies have packet counters of their own. */
  readonly policyLimit: number;
}

/** The collectors of an agent's parts. */
export function agentCollectors(parts: MeasuredParts): readonly MetricsCollector[] {
  const { engine, enforcer, dataplane, connections, sources, attachments, latency, policyLimit } = parts;
  const packets = new PolicyPackets({
    limit: policyLimit,
    counts: () => enforcer.packetCounts(),
    owners: () => programOwners(engine, enforcer),
  });
  return [
    () => latency.metrics(),
    () => sourceMetrics(sources.synced, sources.contacts()),
    () =>
      enforcementMetrics({
        engine,
        state: enforcer.state,
        sizes: dataplane.sizes,
        connections: connections.counts,
        quarantined: enforcer.endpoints.quarantined().length,
        hosts: { known: enforcer.hosts.size, refused: enforcer.hosts.refused().length },
        attached: attachments.size,
      }),
    () => packets.metrics(),
  ];
}

/** Equal programs are shared by pods under the same policies: any of the pods tells which. */
function programOwners(engine: Engine, enforcer: Enforcer): ReadonlyMap<string, ProgramOwners> {
  const owners = new Map<string, ProgramOwners>();
  const note = (uid: string, program: string | undefined, direction: Direction): void => {
    if (program === undefined || owners.has(program)) return;
    owners.set(program, { direction, isolatedBy: engine.emittedState.isolatedBy(uid, direction) });
  };
  for (const { uid, ingress, egress } of enforcer.endpoints.all()) {
    note(uid, ingress, 'ingress');
    note(uid, egress, 'egress');
  }
  return owners;
}
