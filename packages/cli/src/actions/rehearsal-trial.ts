/** One connection of a rehearsal, with what is expected of it. */
import type { Outcome } from '@weir/model';
import type { Address, Family } from '@weir/net';
import type { RehearsedEnd } from './rehearsal-ends.ts';

/** One connection to try. */
export interface RehearsalTrial {
  readonly source: RehearsedEnd;
  readonly destination: string;
  /** In the lab. */
  readonly address: Address;
  readonly family: Family;
  /** 0 for ICMP. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** By the manifests; `unknown` where chance decides, as with pods of a service that are judged differently. */
  readonly computed: Outcome;
  /** By what is in the lab. */
  readonly inLab: Outcome;
  /** Whether somebody answers at the end: then a refusal comes from elsewhere. */
  readonly isServed: boolean;
}
