/** What news of the API server sets going: changes to enforce, versions to keep, trouble to tell. */
import type { Engine } from '@weir/calc';
import { isExpired, TransportError } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { Enforcer } from '../enforcement/enforcer.ts';
import type { TransactionTiming } from '../enforcement/transaction-timing.ts';
import { errorFields, type Logger } from '../log/log.ts';
import { TroubleLog } from '../log/trouble-log.ts';
import type { SyncLatency } from '../metrics/sync-latency.ts';
import type { PodAdmission } from '../start-gate/pod-admission.ts';
import type { AcceptedPolicyStore } from './accepted-policy-store.ts';
import type { SourceKind, SourcesListener } from './sources.ts';

/** Who is told of news. */
export interface SourceNewsParts {
  readonly engine: Engine;
  readonly enforcer: Enforcer;
  readonly accepted: AcceptedPolicyStore;
  readonly latency: SyncLatency;
  readonly timing: TransactionTiming;
  readonly log: Logger;
  /** Made after the sources. */
  readonly admission: () => PodAdmission;
  /** How long the first state may take into the kernel before nothing is said of it, in milliseconds. */
  readonly patienceMs: number;
  readonly onFault: (error: unknown) => void;
}

/** Hears of one agent's sources. */
export class SourceNews implements SourcesListener {
  readonly #parts: SourceNewsParts;
  readonly #troubles: TroubleLog;
  /** Kinds that the server did not answer for when they were asked last. */
  readonly #unanswered: Set<SourceKind> = new Set();
  #isSynced = false;

  constructor(parts: SourceNewsParts) {
    this.#parts = parts;
    this.#troubles = new TroubleLog(parts.log);
  }

  arrived(): void {
    this.#parts.timing.arrived();
  }

  changed(kind: SourceKind, news?: KubeObject): void {
    const { latency, accepted, engine, enforcer } = this.#parts;
    // Lists of a start are no changes that somebody waits for.
    if (news !== undefined && this.#isSynced) latency.heard(news);
    if (engine.policyKinds.get(kind)?.isPolicy === true) accepted.changed();
    else this.#reportUnreadable();
    enforcer.changed();
  }

  synced(): void {
    this.#isSynced = true;
    this.#parts.admission().forgetGonePods();
    this.#parts.enforcer.changed();
    void this.#reportInForce();
  }

  /** A server that is away, or has forgotten its history, is told of once, and not for each kind. */
  failed(kind: SourceKind, error: unknown): void {
    const isAway = error instanceof TransportError;
    if (isAway) this.#unanswered.add(kind);
    const key = isAway ? 'server' : isExpired(error) ? 'history' : `source ${kind}`;
    this.#troubles.trouble(key, { kind, ...errorFields(error) }, 'trouble with the API server; the rules stay as they are');
  }

  heard(kind: SourceKind): void {
    this.#troubles.over(`source ${kind}`, { kind }, 'the API server answers again');
    if (this.#unanswered.delete(kind) && this.#unanswered.size === 0) this.#troubles.over('server', {}, 'the API server answers again');
  }

  onFault(error: unknown): void {
    this.#parts.onFault(error);
  }

  #reportUnreadable(): void {
    const [first] = this.#parts.engine.refusedObjects();
    if (first === undefined) this.#troubles.over('unreadable', {}, 'all objects can be read');
    else this.#troubles.trouble('unreadable', { ...first }, 'an object of the API server cannot be read and counts as not there');
  }

  async #reportInForce(): Promise<void> {
    const { enforcer, log, patienceMs } = this.#parts;
    try {
      await enforcer.settled(patienceMs);
      log.info({ milliseconds: enforcer.state.lastReport?.milliseconds }, 'in sync and in force');
    } catch {
      // Stopped meanwhile, or the kernel refuses: both have their own lines in the log.
    }
  }
}
