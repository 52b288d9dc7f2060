/** How the pod of a command has come to its end, read from its status. */
import type { Pod } from '@weir/kube';

/** The exit code of its program; undefined while it has not ended. Throws when the program never ran, with the reason. */
export function exitCodeOf({ status }: Pod): number | undefined {
  const terminated = status?.containerStatuses?.[0]?.state?.terminated;
  // A container that could not be made has an exit code, too, which no program has given.
  if (terminated?.reason === 'StartError')
    throw new Error(`the container of the command could not be started: ${terminated.message ?? ''}`);
  if (terminated !== undefined) return terminated.exitCode;
  if (status?.phase === 'Failed') {
    throw new Error(`the pod of the command failed: ${status.message ?? status.reason ?? 'no reason is told'}`);
  }
  return undefined;
}

/** Why it does not start. */
export function waitingReason({ status }: Pod): string {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  const unscheduled = status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
  return waiting?.message ?? waiting?.reason ?? unscheduled?.message ?? 'no reason is told';
}
