/** What holds for all host endpoints of this node: the engine's own settings, and what objects set over them. */
import { type HostSettingsLayer, layeredHostSettings } from '@weir/compile';
import type { HostSettings } from '@weir/model';
import { sameHostSettings } from '../delta/state.ts';

/**
 * The settings of this node, which are told with the first host endpoint or the first object that sets some; an engine that
 * knows no host endpoints has none.
 */
export class NodeHostSettings {
  readonly #base: HostSettings | undefined;
  readonly #node: string;
  readonly #layers: Set<HostSettingsLayer> = new Set();
  #emitted: HostSettings | undefined;

  constructor(base: HostSettings | undefined, node: string) {
    this.#base = base;
    this.#node = node;
  }

  /** An object sets something. */
  enter(layer: HostSettingsLayer): void {
    this.#layers.add(layer);
  }

  /** It does no more. */
  drop(layer: HostSettingsLayer): void {
    this.#layers.delete(layer);
  }

  /** The settings, if they matter and are others than at the last call. */
  settle(hasHosts: boolean): HostSettings | undefined {
    if (this.#base === undefined) return undefined;
    if (this.#emitted === undefined && !hasHosts && this.#layers.size === 0) return undefined;
    const now = layeredHostSettings(this.#base, this.#layers, this.#node);
    if (this.#emitted !== undefined && sameHostSettings(this.#emitted, now)) return undefined;
    this.#emitted = now;
    return now;
  }

  /** What the last {@link settle} left in force. */
  get emitted(): HostSettings | undefined {
    return this.#emitted;
  }
}
