/**
 * Which programs a host endpoint has, and what holds where no rule decides (felix `rules/endpoints.go`).
 *
 * What comes before connection tracking or translation ends with the next family, whatever tiers say of their ends; what is
 * forwarded is let through while no policy is about it; what is the node's own is as the endpoint says.
 */
import type { Direction, HostEndpoint, HostFamily } from '@weir/model';

/** What a program says beside its rules. */
export interface HostProgramManner {
  /** What every tier does at its end; absent: what the tier says. */
  readonly end?: 'pass';
  /** What there is while no policy is about the family and direction. */
  readonly silent: 'no program' | 'program';
  readonly otherwise: 'allow' | 'deny';
}

/** One program that a host endpoint can have. */
export interface HostProgramPlace extends HostProgramManner {
  readonly family: HostFamily;
  readonly direction: Direction;
}

/** The programs of an endpoint that does this with what no policy decides. */
export function hostPrograms({ otherwise }: Pick<HostEndpoint, 'otherwise'>): readonly HostProgramPlace[] {
  const passed = { end: 'pass', silent: 'no program', otherwise: 'allow' } as const;
  const normal = { silent: otherwise === 'allow' ? 'no program' : 'program', otherwise } as const;
  const forward = { silent: 'no program', otherwise: 'deny' } as const;
  return [
    { family: 'untracked', direction: 'ingress', ...passed },
    { family: 'untracked', direction: 'egress', ...passed },
    { family: 'preDNAT', direction: 'ingress', ...passed },
    { family: 'normal', direction: 'ingress', ...normal },
    { family: 'normal', direction: 'egress', ...normal },
    { family: 'forward', direction: 'ingress', ...forward },
    { family: 'forward', direction: 'egress', ...forward },
  ];
}
