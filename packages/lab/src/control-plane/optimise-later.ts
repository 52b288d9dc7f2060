/** When V8 optimises what the control plane does. */
import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode that a function has to run before V8 considers it, seven times as many as V8 asks for. */
const interruptBudget = 500_000;

/**
 * Leaves functions alone that are only called often while a cluster comes up: making fast code of them was a third of
 * the processor time of a control plane's start, and more than it saved. What a large cluster keeps calling is optimised
 * as ever, after tens of milliseconds more. For Node 20, whose V8 has no compiler between the quick one and the slow one;
 * later ones count otherwise.
 */
export function optimiseLater(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString(`--interrupt-budget=${interruptBudget}`);
}
