/**
 * Whether the report of an agent still counts.
 *
 * Its time is by the clock of its node. Whoever has seen the Lease change judges by that and by a clock
 * of his own; else the two clocks are compared, and one that is far ahead is not believed: a dead
 * agent must not look alive for as long as its clock was wrong.
 */
import type { AgentLease, NodeReport } from '@weir/kube';

/** An agent's Lease, and what the reader knows of the time. */
export interface AgentHearing {
  readonly lease: AgentLease;
  /** Milliseconds since the epoch, by the reader's clock. */
  readonly nowMs: number;
  /** Milliseconds since the reader has seen the Lease change; undefined when he has not. */
  readonly sinceChangeMs?: number;
}

/** The report when it counts, else one sentence about why not. */
export function hearAgent({ lease, nowMs, sinceChangeMs }: AgentHearing): { readonly report: NodeReport } | { readonly silence: string } {
  const { report, renewedMs, durationMs } = lease;
  const ageMs = sinceChangeMs ?? nowMs - renewedMs;
  if (Number.isNaN(ageMs)) return { silence: 'its agent gives no time' };
  if (ageMs > durationMs) return { silence: `its agent is silent: last heard of ${seconds(ageMs)} ago` };
  if (ageMs < -durationMs) return { silence: `its clock is ${seconds(-ageMs)} ahead of this machine's, so it may be silent` };
  if (report === undefined) return { silence: 'its agent reports in a way that this version of weir does not understand' };
  return report.state === 'stopped' ? { silence: 'its agent was stopped; its rules stay, and nobody follows the cluster' } : { report };
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1_000)} s`;
}
