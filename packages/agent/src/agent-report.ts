/** What an agent says of itself: health at the gate, and the state that probes look at. */
import type { Engine } from '@weir/calc';
import type { Dataplane } from '@weir/dataplane';
import { type AgentHealth, partlyKnownReports, quarantineReports, refusedReports, unreadableReports } from './agent-health.ts';
import type { Enforcer } from './enforcement/enforcer.ts';
import type { MemoryGuard } from './memory/memory-guard.ts';
import { type ProbedState, readiness } from './operations/probes.ts';
import type { AgentSettings } from './settings/agent-settings.ts';
import type { Sources } from './sources/sources.ts';
import type { AttachmentStore } from './start-gate/attachment.ts';

/** What is reported of. */
export interface AgentReportParts {
  readonly settings: AgentSettings;
  readonly engine: Engine;
  readonly dataplane: Dataplane;
  readonly enforcer: Enforcer;
  readonly sources: Sources;
  readonly attachments: AttachmentStore;
  readonly memory: MemoryGuard;
  /** What the agent cannot go on from. */
  readonly fault: () => string | undefined;
}

/** The reports of one agent; they read state and ask nobody. */
export class AgentReport {
  readonly #parts: AgentReportParts;

  constructor(parts: AgentReportParts) {
    this.#parts = parts;
  }

  health(): AgentHealth {
    const { settings, engine, dataplane, enforcer, sources, attachments, memory } = this.#parts;
    const { failuresInARow, lastError, transactions } = enforcer.state;
    const { ok: ready, reasons } = readiness(this.probed());
    const refused = refusedReports(engine.refusedPolicies());
    const partlyKnown = partlyKnownReports(engine.partlyKnownPolicies());
    const quarantined = quarantineReports(enforcer.endpoints.quarantined());
    const hosts = enforcer.hosts.refused().map(({ name, reason }) => ({ host: name, reason }));
    const unreadable = unreadableReports(engine.refusedObjects());
    return {
      node: settings.node,
      ready,
      notReady: reasons,
      synced: sources.synced,
      connected: sources.connected,
      dataplane: dataplane.name,
      profile: settings.profile,
      transactions,
      failuresInARow,
      ...(lastError === undefined ? {} : { lastError }),
      endpoints: attachments.size,
      memory: memory.report,
      counts: {
        refused: refused.length,
        partlyKnown: partlyKnown.length,
        quarantined: quarantined.length,
        unreadable: unreadable.length,
        hosts: hosts.length,
      },
      refused,
      partlyKnown,
      quarantined,
      hosts,
      unreadable,
    };
  }

  probed(): ProbedState {
    const { enforcer, sources, memory, fault } = this.#parts;
    const { inForce, failuresInARow, lastError } = enforcer.state;
    const { waitingMs } = enforcer;
    return { fault: fault(), synced: sources.synced, inForce, failuresInARow, lastError, waitingMs, hold: memory.hold };
  }
}
