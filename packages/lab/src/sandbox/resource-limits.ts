/** What a container may use of the machine, as control groups express it (`pkg/kubelet/cm/helpers_linux.go`). */
import { type Container, readQuantity } from '@weir/kube';

/** The part of the OCI configuration `linux.resources` that limits memory and processors. */
export interface ResourceLimits {
  readonly memory?: { readonly limit: number };
  readonly cpu?: { readonly shares: number; readonly quota?: number; readonly period?: number };
}

const periodMicroseconds = 100_000;
const leastQuota = 1_000;
const leastShares = 2;
const sharesOfOne = 1_024;

/** Limits and shares of a container; nothing for one that asks for nothing. */
export function resourceLimits({ resources }: Pick<Container, 'resources'>): ResourceLimits {
  const memory = amount(resources?.limits?.['memory']);
  const most = amount(resources?.limits?.['cpu']);
  const asked = amount(resources?.requests?.['cpu']) ?? most;
  const shares = Math.max(leastShares, Math.floor((asked ?? 0) * sharesOfOne));
  const quota = most === undefined ? {} : { quota: Math.max(leastQuota, Math.ceil(most * periodMicroseconds)), period: periodMicroseconds };
  return {
    ...(memory === undefined ? {} : { memory: { limit: memory } }),
    ...(asked === undefined ? {} : { cpu: { shares, ...quota } }),
  };
}

function amount(quantity: string | number | undefined): number | undefined {
  const read = quantity === undefined ? undefined : readQuantity(quantity);
  return read === undefined || read.nanos === 0n ? undefined : Number(read.nanos) / 1e9;
}
