/** The interfaces of the node with their addresses, which decide what a host endpoint is that is known by its addresses. */
import { networkInterfaces } from 'node:os';
import type { Engine, NodeInterface } from '@weir/calc';
import { parseAddress } from '@weir/net';
import type { EnforcementProgress } from './enforcement-state.ts';

/** Tells the engine of them while it asks: before it says what is to be in force, and when they have changed by themselves. */
export class NodeInterfaces implements EnforcementProgress {
  readonly #engine: Pick<Engine, 'asksForInterfaces' | 'setInterfaces'>;
  readonly #onChange: () => void;

  /** `onChange` is called when interfaces have changed that matter. */
  constructor(engine: Pick<Engine, 'asksForInterfaces' | 'setInterfaces'>, onChange: () => void) {
    this.#engine = engine;
    this.#onChange = onChange;
  }

  underWay(): void {
    if (this.#engine.asksForInterfaces) this.#engine.setInterfaces(currentInterfaces());
  }

  inKernel(): void {
    // What came into the kernel changes no interface.
  }

  /** Looks at what nobody tells of: addresses that come and go. */
  tick(): void {
    if (this.#engine.asksForInterfaces && this.#engine.setInterfaces(currentInterfaces())) this.#onChange();
  }
}

/** Those of the network namespace that this process is in. */
function currentInterfaces(): readonly NodeInterface[] {
  return Object.entries(networkInterfaces()).map(([name, entries = []]) => ({
    name,
    addresses: entries.flatMap(({ address }) => parseAddress(address) ?? []),
  }));
}
