/** Which flows answer others. */
import type { ObservedFlow } from '../observed-flow.ts';

/** Ports from here on are given to those who connect (`ip_local_port_range` of Linux). */
const ephemeralFirst = 32_768;

/** As the log says; where it does not, from a port of a service to one that was given to somebody who connects. */
export function isAnswer({ isReply, source, destination }: ObservedFlow): boolean {
  if (isReply !== undefined) return isReply;
  return source.port !== undefined && source.port < ephemeralFirst && (destination.port ?? 0) >= ephemeralFirst;
}
