/**
 * What is in the kernel of this node, policy by policy, as a report.
 *
 * The engine runs ahead of the kernel, so the version of the policies is taken down when a flush begins
 * and counts when its transaction has come through. Which policies select whom is asked of the engine
 * for a report only (it takes as long as there are such policies), and while nothing is under way: what
 * the last flush emitted is what the kernel has then.
 */
import type { Engine, LocalPolicy } from '@weir/calc';
import { networkPolicyKind, policyKindName } from '@weir/compile';
import type { RefusedHost } from '@weir/dataplane';
import { type BoundedList, type NodeReport, type ReportedRefusal, type ReportedSelection, reportLimits, reportTextLimit } from '@weir/kube';
import type { QuarantinedEndpoint } from '../start-gate/endpoints-in-force.ts';
import { cutText, refusalReason } from './refusal-reason.ts';

/** Where the facts come from. */
export interface EnforcedPoliciesOptions {
  readonly engine: Pick<Engine, 'localPolicies' | 'partlyKnownPolicies' | 'policyChanges' | 'refusedPolicies'>;
  quarantined(): readonly QuarantinedEndpoint[];
  /** Host endpoints that are not enforced. */
  refusedHosts(): readonly RefusedHost[];
  /** The resourceVersion up to which the engine knows the policies of each kind, by the names of the kinds. */
  policyVersions(): ReadonlyMap<string, string>;
}

const networkPolicies = policyKindName(networkPolicyKind);

/** What is known to be in the kernel. */
export class EnforcedPolicies {
  readonly #options: EnforcedPoliciesOptions;
  /** By policy UID: the version in force, and since when, in RFC 3339. */
  #since: ReadonlyMap<string, ReportedSelection> = new Map();
  #quarantined: readonly QuarantinedEndpoint[] = [];
  #versions: ReadonlyMap<string, string> = new Map();
  #nextVersions: ReadonlyMap<string, string> = new Map();
  /** The host endpoints that are not enforced and why, as text. */
  #hosts = '';
  #changes = -1;

  constructor(options: EnforcedPoliciesOptions) {
    this.#options = options;
  }

  /** What the engine knows is about to go to the kernel. */
  underWay(): void {
    this.#nextVersions = this.#options.policyVersions();
  }

  /** It has come through. Says whether more may have changed than versions. */
  inKernel(): boolean {
    this.#versions = this.#nextVersions;
    const before = this.#quarantined;
    this.#quarantined = this.#options.quarantined();
    const hosts = this.#options
      .refusedHosts()
      .map(({ uid, reason }) => `${uid} ${reason}`)
      .join('\n');
    const isSame = sameEndpoints(before, this.#quarantined) && hosts === this.#hosts;
    this.#hosts = hosts;
    return this.#options.engine.policyChanges !== this.#changes || !isSame;
  }

  /** Nothing is under way and nothing waits: what the engine knows is in the kernel. */
  settled(): void {
    this.underWay();
    this.#versions = this.#nextVersions;
  }

  /** The report while nothing is under way. */
  report(nowMs: number): NodeReport {
    const { engine } = this.#options;
    if (engine.policyChanges !== this.#changes) {
      this.#changes = engine.policyChanges;
      this.#takeSelections(engine.localPolicies(), new Date(nowMs).toISOString());
    }
    return this.#compose('enforcing');
  }

  /** The report of what has been in force since the last one, whatever is under way; `problem` is why that does not come through. */
  lastReport(state: 'failing' | 'stopped', problem?: string): NodeReport {
    return this.#compose(state, problem);
  }

  #compose(state: NodeReport['state'], problem?: string): NodeReport {
    const refused = this.#options.engine.refusedPolicies().map((policy) => ({
      namespace: policy.object.metadata.namespace ?? '',
      name: policy.object.metadata.name ?? '',
      uid: policy.object.metadata.uid ?? '',
      inForce: policy.inForce,
      reason: refusalReason(policy, reportTextLimit),
    }));
    const partlyKnown = this.#options.engine.partlyKnownPolicies().map((policy) => ({
      namespace: policy.object.metadata.namespace ?? '',
      name: policy.object.metadata.name ?? '',
      uid: policy.object.metadata.uid ?? '',
      reason: refusalReason(policy, reportTextLimit),
    }));
    const quarantined = this.#quarantined.map(({ namespace, name, uid, reason }) => ({
      namespace,
      name,
      uid,
      reason: cutText(reason, reportTextLimit),
    }));
    const selecting = [...this.#since.values()].sort((a, b) => (a.since === b.since ? 0 : a.since > b.since ? -1 : 1));
    return {
      state,
      ...(problem === undefined ? {} : { problem: cutText(problem, reportTextLimit) }),
      policyVersion: this.#versions.get(networkPolicies) ?? '0',
      versions: Object.fromEntries(this.#versions),
      refused: bounded([...refused, ...this.#refusedHosts()], reportLimits.refused),
      partlyKnown: bounded(partlyKnown, reportLimits.partlyKnown),
      quarantined: bounded(quarantined, reportLimits.quarantined),
      selecting: bounded(selecting, reportLimits.selecting),
    };
  }

  /** Objects that are host endpoints, refused by the data plane of this node. */
  #refusedHosts(): ReportedRefusal[] {
    const hosts = new Map(this.#options.refusedHosts().map(({ uid, reason }) => [uid, reason]));
    if (hosts.size === 0) return [];
    return this.#options.engine.localPolicies().flatMap(({ policy, uid, hosts: uids = [] }): ReportedRefusal[] => {
      const reason = uids.map((one) => hosts.get(one)).find((each) => each !== undefined);
      if (reason === undefined) return [];
      return [{ namespace: '', name: policy.name, uid, inForce: 'nothing', reason: cutText(reason, reportTextLimit) }];
    });
  }

  #takeSelections(policies: readonly LocalPolicy[], now: string): void {
    const selections = policies.map(({ uid, generation = 0, endpoints }): ReportedSelection => {
      const known = this.#since.get(uid);
      const since = known?.generation === generation ? known.since : now;
      return { uid, generation, pods: endpoints, since };
    });
    this.#since = new Map(selections.map((selection) => [selection.uid, selection]));
  }
}

function bounded<T>(items: readonly T[], limit: number): BoundedList<T> {
  return { total: items.length, items: items.slice(0, limit) };
}

function sameEndpoints(a: readonly QuarantinedEndpoint[], b: readonly QuarantinedEndpoint[]): boolean {
  return a.length === b.length && a.every(({ uid, reason }, i) => uid === b[i]?.uid && reason === b[i].reason);
}
