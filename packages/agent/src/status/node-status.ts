/** What the agent tells the cluster of its node: the report in the Lease, and Events. */
import type { Engine } from '@weir/calc';
import type { KubeClient } from '@weir/client';
import type { RefusedHost } from '@weir/dataplane';
import { engineProfiles } from '@weir/model';
import type { EnforcementProgress } from '../enforcement/enforcement-state.ts';
import type { Enforcer } from '../enforcement/enforcer.ts';
import type { Logger } from '../log/log.ts';
import type { MetricFamily } from '../metrics/metric-family.ts';
import type { AgentSettings } from '../settings/agent-settings.ts';
import type { Sources } from '../sources/sources.ts';
import type { QuarantinedEndpoint } from '../start-gate/endpoints-in-force.ts';
import { EnforcedPolicies } from './enforced-policies.ts';
import { EventWriter } from './event-writer.ts';
import { HostNotices } from './host-notices.ts';
import { LeaseWriter } from './lease-writer.ts';
import { NodeReporter } from './node-reporter.ts';
import { PolicyNotices } from './policy-notices.ts';
import { ScaleNotices } from './scale-notices.ts';

/** After so many missing signs of life a node's report no longer counts. */
const missedSigns = 3;

/** What it is made of; the enforcer and the sources are made later than this. */
export interface NodeStatusParts {
  readonly settings: Pick<AgentSettings, 'node' | 'statusSeconds' | 'profile'>;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly engine: Engine;
  readonly enforcer: () => Pick<Enforcer, 'state' | 'isSettled' | 'endpoints' | 'hosts'>;
  readonly sources: () => Pick<Sources, 'policyVersions' | 'policyUid'>;
}

/** Follows what comes into the kernel and tells of it. */
export class NodeStatus implements EnforcementProgress {
  readonly #reporter: NodeReporter;
  readonly #events: EventWriter;
  readonly #notices: PolicyNotices;
  readonly #hosts: HostNotices;
  readonly #scale: ScaleNotices;

  constructor({ settings, log, client, engine, enforcer, sources }: NodeStatusParts) {
    const { node, statusSeconds, profile } = settings;
    const quarantined = (): readonly QuarantinedEndpoint[] => enforcer().endpoints.quarantined();
    const refusedHosts = (): readonly RefusedHost[] => enforcer().hosts.refused();
    const lease = new LeaseWriter(client, node, statusSeconds * missedSigns);
    this.#reporter = new NodeReporter({
      policies: new EnforcedPolicies({ engine, quarantined, refusedHosts, policyVersions: () => sources().policyVersions }),
      log,
      heartbeatMs: statusSeconds * 1_000,
      state: () => enforcer().state,
      isSettled: () => enforcer().isSettled,
      write: (report, signal) => lease.write(report, signal),
    });
    this.#events = new EventWriter(client, log);
    this.#scale = new ScaleNotices({ profile: engineProfiles[profile], engine, board: this.#events, log });
    this.#hosts = new HostNotices({ node, engine, refusedHosts, board: this.#events, log });
    this.#notices = new PolicyNotices({
      engine,
      quarantined,
      policyUid: (kind, namespace, name) => sources().policyUid(kind, namespace, name),
      board: this.#events,
      log,
    });
  }

  underWay(): void {
    this.#reporter.underWay();
  }

  inKernel(): void {
    this.#reporter.inKernel();
    this.#notices.inKernel();
    this.#hosts.inKernel();
  }

  /** Looks at what no transaction tells: how large the cluster is. */
  tick(): void {
    this.#scale.check();
  }

  metrics(): readonly MetricFamily[] {
    return this.#scale.metrics();
  }

  /** Tells the cluster that the agent goes, and nothing after that. */
  async stop(): Promise<void> {
    this.#events.stop();
    await this.#reporter.stop();
  }
}
