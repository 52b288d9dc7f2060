/** The ports that no policy of a host endpoint can close, on whichever node. */
import type { Failsafe, PolicyWorld } from '@weir/model';

/** Those of all nodes; none where nodes have no say. */
export function failsafesOf(world: PolicyWorld): readonly Failsafe[] {
  if (!world.asksHosts) return [];
  const nodes = new Set([...world.nodes.keys(), ...world.endpoints.flatMap(({ node }) => node ?? [])]);
  const settings = new Set([...nodes].map((node) => world.hostSettings(node).failsafes));
  return [...settings].flat();
}
