/**
 * What people are told of policies that are refused or in force without fields that are not known, and of pods that are
 * closed: a line in the log and an Event, when it begins and when it is over.
 */
import type { Engine, PartlyKnownPolicy, RefusedPolicy } from '@weir/calc';
import { policyKindName } from '@weir/compile';
import type { Logger } from '../log/log.ts';
import type { QuarantinedEndpoint } from '../start-gate/endpoints-in-force.ts';
import type { Notice, NoticeBoard } from './notice.ts';
import { cutText, refusalAdvice, refusalReason } from './refusal-reason.ts';

/** Where the facts come from, and where what is told goes. */
export interface PolicyNoticesOptions {
  readonly engine: Pick<Engine, 'localPolicies' | 'partlyKnownPolicies' | 'policyChanges' | 'refusedPolicies'>;
  quarantined(): readonly QuarantinedEndpoint[];
  /** The uid of a policy that is there, of the kind of this name; undefined when there is none. */
  policyUid(kind: string, namespace: string, name: string): string | undefined;
  readonly board: NoticeBoard;
  readonly log: Logger;
}

/** More lines than this are not written at once; the last says how many there would be. */
const linesAtOnce = 20;
/** Reasons are cut after so many characters: an Event takes 1 024. */
const reasonLimit = 500;
const adviceLimit = 250;

const instead = {
  accepted: 'its last accepted version stays in force',
  closed: 'no version of it was ever accepted, so its pods are isolated and nothing is allowed to them by it',
  elsewhere: 'it is in force for all other pods that it selects',
  nothing: 'no version of it was ever accepted, and as this engine does it is NOT ENFORCED: what it was to forbid is open',
} as const;

/** The same where none was accepted, for what is no policy. */
const closedWithout = {
  hosts: 'no version of it was ever accepted, so its interface is closed but for the failsafe ports',
  settings: 'no version of it was ever accepted, so what it sets is as without it',
} as const;

const accepted = { type: 'Normal', reason: 'PolicyAccepted', message: 'The newest version of the policy is enforced.' } as const;

/** What is told of a policy, which is of the kind of this name. */
interface PolicyNotice {
  readonly kind: string;
  readonly notice: Notice;
}

/** Follows refusals and quarantines. */
export class PolicyNotices {
  readonly #options: PolicyNoticesOptions;
  /** By uid. */
  #refused: ReadonlyMap<string, PolicyNotice> = new Map();
  /** By uid. */
  #partlyKnown: ReadonlyMap<string, PolicyNotice> = new Map();
  #quarantined: ReadonlyMap<string, Notice> = new Map();
  #changes = -1;

  constructor(options: PolicyNoticesOptions) {
    this.#options = options;
  }

  /** A state has come into the kernel. */
  inKernel(): void {
    const { engine } = this.#options;
    if (engine.policyChanges !== this.#changes) {
      this.#changes = engine.policyChanges;
      this.#followPolicies(engine.refusedPolicies());
      this.#followPartlyKnown(engine.partlyKnownPolicies());
    }
    this.#followPods();
  }

  #followPolicies(policies: readonly RefusedPolicy[]): void {
    if (policies.length === 0 && this.#refused.size === 0) return;
    const { board, engine, log } = this.#options;
    const now = new Map(policies.map((policy) => [policy.object.metadata.uid ?? '', refusal(policy)]));
    const isIn = (all: ReadonlyMap<string, PolicyNotice>, uid: string, { notice }: PolicyNotice): boolean =>
      all.get(uid)?.notice.message === notice.message;
    const begun = [...now].filter(([uid, one]) => !isIn(this.#refused, uid, one)).map(([uid, { notice }]) => [uid, notice] as const);
    const over = [...this.#refused].filter(([uid, one]) => !isIn(now, uid, one));
    this.#refused = now;
    if (begun.length === 0 && over.length === 0) return;
    const here = new Set(engine.localPolicies().map(({ uid }) => uid));
    for (const [uid, notice] of begun) board.announce(notice, { isOurs: here.has(uid), isLasting: true });
    for (const [uid, told] of over) {
      board.withdraw(told.notice);
      if (now.has(uid) || !this.#isThere(uid, told)) continue;
      const { kind, namespace, name } = told.notice.object;
      log.info({ policy: `${kind} ${namespace}/${name}` }, 'the policy is enforced again in its newest version');
      board.announce({ object: told.notice.object, ...accepted }, { isOurs: here.has(uid), isLasting: false });
    }
    logAll(log, begun, 'the newest version of the policy is refused');
  }

  #followPartlyKnown(policies: readonly PartlyKnownPolicy[]): void {
    if (policies.length === 0 && this.#partlyKnown.size === 0) return;
    const { board, engine, log } = this.#options;
    const before = this.#partlyKnown;
    const now = new Map(policies.map((policy) => [policy.object.metadata.uid ?? '', unknownFields(policy)]));
    this.#partlyKnown = now;
    const messageOf = (all: ReadonlyMap<string, PolicyNotice>, uid: string): string | undefined => all.get(uid)?.notice.message;
    const begun = [...now]
      .filter(([uid, { notice }]) => messageOf(before, uid) !== notice.message)
      .map(([uid, { notice }]) => [uid, notice] as const);
    const over = [...before].filter(([uid, { notice }]) => messageOf(now, uid) !== notice.message);
    if (begun.length === 0 && over.length === 0) return;
    const here = new Set(engine.localPolicies().map(({ uid }) => uid));
    for (const [uid, notice] of begun) board.announce(notice, { isOurs: here.has(uid), isLasting: true });
    for (const [uid, told] of over) {
      board.withdraw(told.notice);
      if (now.has(uid) || this.#refused.has(uid) || !this.#isThere(uid, told)) continue;
      board.announce({ object: told.notice.object, ...accepted }, { isOurs: here.has(uid), isLasting: false });
    }
    logAll(log, begun, 'the policy is in force without fields that this release does not know');
  }

  #isThere(uid: string, { kind, notice: { object } }: PolicyNotice): boolean {
    return this.#options.policyUid(kind, object.namespace, object.name) === uid;
  }

  #followPods(): void {
    const pods = this.#options.quarantined();
    if (pods.length === 0 && this.#quarantined.size === 0) return;
    const { board, log } = this.#options;
    const now = new Map(pods.map((pod) => [pod.uid, quarantine(pod)]));
    const begun = [...now].filter(([uid, notice]) => this.#quarantined.get(uid)?.message !== notice.message);
    for (const [, notice] of begun) board.announce(notice, { isOurs: true, isLasting: true });
    for (const [uid, notice] of this.#quarantined) if (now.get(uid)?.message !== notice.message) board.withdraw(notice);
    this.#quarantined = now;
    logAll(log, begun, 'the rules of the pod cannot be enforced');
  }
}

function objectOf({ kind, object }: PartlyKnownPolicy): Notice['object'] {
  const { namespace = '', name = '', uid = '' } = object.metadata;
  return { apiVersion: object.apiVersion ?? `${kind.group}/${kind.versions[0] ?? ''}`, kind: kind.kind, namespace, name, uid };
}

function unknownFields(policy: PartlyKnownPolicy): PolicyNotice {
  const what = 'The policy is in force without fields that this release of Weir does not know, and lets nothing through by them';
  return warning(policy, 'PolicyFieldsUnknown', `${what}: ${refusalReason(policy, reasonLimit)}.`);
}

function refusal(policy: RefusedPolicy): PolicyNotice {
  const what =
    policy.inForce === 'elsewhere' ? 'The policy cannot be enforced for all pods' : 'The newest version of the policy cannot be enforced';
  return warning(policy, 'PolicyRefused', `${what}: ${refusalReason(policy, reasonLimit)}. Instead, ${insteadOf(policy)}.`);
}

function warning(policy: PartlyKnownPolicy, reason: string, said: string): PolicyNotice {
  const message = `${said} What to do: ${refusalAdvice(policy, adviceLimit)}.`;
  return { kind: policyKindName(policy.kind), notice: { object: objectOf(policy), type: 'Warning', reason, message } };
}

function insteadOf({ kind: { holds }, inForce }: RefusedPolicy): string {
  return holds !== undefined && inForce === 'closed' ? closedWithout[holds] : instead[inForce];
}

function quarantine({ namespace, name, uid, reason }: QuarantinedEndpoint): Notice {
  return {
    object: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    type: 'Warning',
    reason: 'PolicyNotEnforced',
    message: `The policies of the pod cannot be enforced: ${cutText(reason, reasonLimit)}. It is closed, or keeps the rules that it had.`,
  };
}

function logAll(log: Logger, notices: readonly (readonly [string, Notice])[], message: string): void {
  for (const [i, [, notice]] of notices.entries()) {
    if (i >= linesAtOnce) {
      log.error({ notShown: notices.length - linesAtOnce }, message);
      return;
    }
    const { kind, namespace, name } = notice.object;
    log.error({ object: `${kind} ${namespace}/${name}`, reason: notice.message }, message);
  }
}
