/** What a back end tells of connections when it was not made to tell of any. */
import type { FlowEvent } from '../dataplane.ts';

/** Ends at once. */
// oxlint-disable-next-line require-yield -- nothing is told
export async function* noFlows(): AsyncGenerator<FlowEvent, void, undefined> {}
