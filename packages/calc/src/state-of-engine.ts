/** An engine's state as a data plane would have it. */
import { applyDelta, emptyState, type State } from './delta/state.ts';
import type { Engine } from './engine.ts';

/** The state that the engine has emitted up to its last flush. */
export function stateOf(engine: Engine): State {
  return applyDelta(emptyState(), engine.emitted());
}
