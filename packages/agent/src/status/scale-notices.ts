/**
 * What people are told when a cluster is larger than the engine's documentation allows: a line in the log
 * and one Event for the whole cluster, when it begins and when it is over. Enforcement goes on.
 */
import type { Engine } from '@weir/calc';
import type { EngineProfile } from '@weir/model';
import type { Logger } from '../log/log.ts';
import { byLabel, gauge, type MetricFamily } from '../metrics/metric-family.ts';
import type { Notice, NoticeBoard } from './notice.ts';

/** Where the facts come from, and where what is told goes. */
export interface ScaleNoticesOptions {
  readonly profile: EngineProfile;
  readonly engine: Pick<Engine, 'sizes'>;
  readonly board: NoticeBoard;
  readonly log: Logger;
}

/** Follows the sizes that the profile limits; without limits it does nothing. */
export class ScaleNotices {
  readonly #options: ScaleNoticesOptions;
  /** What is told at the moment, by what is over its limit. */
  readonly #told: Map<string, Notice> = new Map();

  constructor(options: ScaleNoticesOptions) {
    this.#options = options;
  }

  /** Looks again. */
  check(): void {
    const { engine, profile, board, log } = this.#options;
    if (profile.limits === undefined) return;
    const { sizes } = engine;
    for (const [what, limit] of Object.entries(profile.limits) as ['nodes' | 'pods', number][]) {
      const told = this.#told.get(what);
      if (sizes[what] > limit && told === undefined) {
        const notice = this.#notice(what, limit);
        this.#told.set(what, notice);
        log.error({ what, count: sizes[what], limit }, notice.message);
        board.announce(notice, { isOurs: false, isLasting: true });
      } else if (sizes[what] <= limit && told !== undefined) {
        this.#told.delete(what);
        log.info({ what, count: sizes[what], limit }, 'the cluster is within the documented limit again');
        board.withdraw(told);
      }
    }
  }

  metrics(): readonly MetricFamily[] {
    const { limits } = this.#options.profile;
    if (limits === undefined) return [];
    const exceeded = { nodes: Number(this.#told.has('nodes')), pods: Number(this.#told.has('pods')) };
    return [
      gauge('weir_scale_limit', 'How many the documentation of the engine allows.', byLabel('what', { ...limits })),
      gauge('weir_scale_limit_exceeded', 'Whether there are more than that; enforcement goes on.', byLabel('what', exceeded)),
    ];
  }

  #notice(what: 'nodes' | 'pods', limit: number): Notice {
    const { profile } = this.#options;
    return {
      // An Event is about an object; the cluster as such has none.
      object: { apiVersion: 'v1', kind: 'Namespace', namespace: 'kube-system', name: 'kube-system', uid: '' },
      type: 'Warning',
      reason: 'EngineLimitExceeded',
      message: `The cluster has more than ${limit} ${what}, which is the documented limit of the engine ${profile.name}. Weir goes on enforcing.`,
    };
  }
}
