/** What holds for the host endpoints of a node: the engine's own settings, and what objects set over them. */
import type { HostSettings } from '@weir/model';
import type { HostSettingsLayer } from './policy-api.ts';

/** The settings of a node: what layers for all nodes set over the base, and over that what those for the node do. */
export function layeredHostSettings(base: HostSettings, layers: Iterable<HostSettingsLayer>, node: string): HostSettings {
  const all = [...layers];
  const forAll = all.filter((layer) => layer.node === undefined);
  const forNode = all.filter((layer) => layer.node === node);
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
