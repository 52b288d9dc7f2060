/** What people are told of host endpoints that are not enforced: a line in the log and an Event, when it begins and when it is over. */
import type { Engine, LocalPolicy } from '@weir/calc';
import type { RefusedHost } from '@weir/dataplane';
import type { Logger } from '../log/log.ts';
import type { Notice, NoticeBoard } from './notice.ts';
import { cutText } from './refusal-reason.ts';

/** Where the facts come from, and where what is told goes. */
export interface HostNoticesOptions {
  readonly node: string;
  readonly engine: Pick<Engine, 'localPolicies'>;
  refusedHosts(): readonly RefusedHost[];
  readonly board: NoticeBoard;
  readonly log: Logger;
}

/** Reasons are cut after so many characters: an Event takes 1 024. */
const reasonLimit = 500;

/** Follows them. */
export class HostNotices {
  readonly #options: HostNoticesOptions;
  /** By uid. */
  #told: ReadonlyMap<string, Notice> = new Map();

  constructor(options: HostNoticesOptions) {
    this.#options = options;
  }

  /** A state has come into the kernel. */
  inKernel(): void {
    const hosts = this.#options.refusedHosts();
    if (hosts.length === 0 && this.#told.size === 0) return;
    const { board, engine, log, node } = this.#options;
    const objects = hosts.length === 0 ? [] : engine.localPolicies();
    const before = this.#told;
    this.#told = new Map(hosts.map((host) => [host.uid, noticeOf(host, objectOf(host, objects, node))]));
    for (const [uid, notice] of this.#told) {
      if (before.get(uid)?.message === notice.message) continue;
      board.announce(notice, { isOurs: true, isLasting: true });
      log.error({ object: `${notice.object.kind} ${notice.object.name}`, reason: notice.message }, 'a host endpoint is not enforced');
    }
    for (const [uid, notice] of before) if (this.#told.get(uid)?.message !== notice.message) board.withdraw(notice);
  }
}

/** The object that the host endpoint is; without one it is the node itself. */
function objectOf({ uid }: RefusedHost, objects: readonly LocalPolicy[], node: string): Notice['object'] {
  const object = objects.find(({ hosts }) => hosts?.includes(uid) === true);
  if (object === undefined) return { apiVersion: 'v1', kind: 'Node', namespace: '', name: node, uid };
  const { apiVersion, kind, name } = object.policy;
  return { apiVersion, kind, namespace: '', name, uid: object.uid };
}

function noticeOf({ reason }: RefusedHost, object: Notice['object']): Notice {
  return {
    object,
    type: 'Warning',
    reason: 'PolicyNotEnforced',
    message: `Policies of the interfaces of the node are NOT ENFORCED there as they say: ${cutText(reason, reasonLimit)}. What to do: run the agents with the nftables data plane, or protect the node by other means.`,
  };
}
