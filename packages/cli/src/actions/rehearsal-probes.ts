/**
 * Every connection of a rehearsal tried.
 *
 * Kernels limit how many refusals of UDP they send, so that pods and hosts answer on the port that is tried besides those
 * that are served.
 */
import type { ProbeAnswer } from '@weir/lab';
import type { Outcome } from '@weir/model';
import { type Family, formatAddress } from '@weir/net';
import type { Output } from '../output.ts';
import { isThrough, tryProbes } from './probe-trials.ts';
import type { RehearsalTrial } from './rehearsal-trial.ts';
import { type RehearsedTraffic, rehearsalTrials } from './rehearsal-trials.ts';

/** One connection and what came of it. */
export interface RehearsedFlow {
  readonly source: string;
  readonly destination: string;
  readonly family: Family;
  /** 0 for ICMP. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** By the manifests; `unknown` where chance decides, as with pods of a service that are judged differently. */
  readonly computed: Outcome;
  /** By what is in the lab, where that is something else: there the lab does not stand for the manifests. */
  readonly inLab?: Outcome;
  readonly measured: 'allow' | 'deny';
}

/** Where to try. */
export interface RehearsedCluster extends RehearsedTraffic {
  readonly name: string;
  readonly timeoutMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Tries all. */
export async function rehearseFlows(cluster: RehearsedCluster): Promise<RehearsedFlow[]> {
  const { timeoutMs, output, name, signal } = cluster;
  const trials = rehearsalTrials(cluster);
  const probes = trials.map(({ source, address, port, protocol, computed }) => ({
    probe: { source: source.source, address: formatAddress(address), port, protocol },
    computed,
  }));
  const answers = await tryProbes(probes, { cluster: name, timeoutMs, output, signal });
  return trials.map((trial, i) => rehearsedFlow(trial, answers[i] ?? 'error'));
}

/** What an answer says of a connection. */
export function rehearsedFlow(
  { source, destination, family, port, protocol, computed, inLab, isServed }: RehearsalTrial,
  answer: ProbeAnswer,
): RehearsedFlow {
  return {
    source: source.name,
    destination,
    family,
    port,
    protocol,
    computed,
    ...(inLab === computed ? {} : { inLab }),
    measured: isThrough(answer) && !(isServed && answer === 'refused') ? 'allow' : 'deny',
  };
}

/** Whether the connection did something else than the manifests say. */
export function isUnexpected({ computed, measured }: RehearsedFlow): boolean {
  return computed !== 'unknown' && computed !== measured;
}
