/** What holds for all host endpoints of this node: the engine's own settings, and what objects set over them. */
import type { HostSettingsLayer } from '@weir/compile';
import type { HostSettings } from '@weir/policy';
import { sameHostSettings } from '../delta/state.ts';

/** The settings with what layers set: those for all nodes, and those for one over them. */
export function layeredSettings(base: HostSettings, layers: Iterable<HostSettingsLayer>, node: string): HostSettings {
  const forAll: HostSettingsLayer[] = [];
  const forNode: HostSettingsLayer[] = [];
  for (const layer of layers) {
    if (layer.node === undefined) forAll.push(layer);
    else if (layer.node === node) forNode.push(layer);
  }
  return [...forAll, ...forNode].reduce(over, base);
}

function over({ failsafes, podToHost }: HostSettings, layer: HostSettingsLayer): HostSettings {
  const { ingress, egress } = { ...layer.failsafes };
  return {
    failsafes: [
      ...(ingress ?? failsafes.filter(({ direction }) => direction === 'ingress')),
      ...(egress ?? failsafes.filter(({ direction }) => direction === 'egress')),
    ],
    podToHost: layer.podToHost ?? podToHost,
  };
}

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
    const now = layeredSettings(this.#base, this.#layers, this.#node);
    if (this.#emitted !== undefined && sameHostSettings(this.#emitted, now)) return undefined;
    this.#emitted = now;
    return now;
  }

  /** What the last {@link settle} left in force. */
  get emitted(): HostSettings | undefined {
    return this.#emitted;
  }
}
