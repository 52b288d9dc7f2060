/** A tracked connection as the rules judged it. */
import type { TrackedConnection } from '@weir/kernel';
import type { Flow } from '@weir/net';

/** As the opener sent it, to the machine that really answers: behind destination translation. */
export function flowOf({ original, reply }: TrackedConnection): Flow {
  return {
    source: original.source,
    destination: reply.source,
    protocol: original.protocol,
    ...(original.sourcePort === undefined ? {} : { sourcePort: original.sourcePort }),
    ...(reply.sourcePort === undefined ? {} : { destinationPort: reply.sourcePort }),
    ...(original.message === undefined ? {} : { message: original.message }),
  };
}
