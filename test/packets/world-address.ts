/** Addresses of the ends of a world's flows. */
import { defined } from '@weir/net';
import type { World, WorldFlow } from '@weir/testkit';

/** The address that an end has in a flow: the one of its family, else the pod's first. */
export function addressOf(world: World, end: WorldFlow['source'], { source }: WorldFlow): string {
  if (end.kind === 'address') return end.address;
  const family = 'family' in source ? source.family : undefined;
  const pod = defined(
    world.pods.find(({ metadata }) => metadata.namespace === end.namespace && metadata.name === end.name),
    'the pod is there',
  );
  const addresses = (pod.status?.podIPs ?? []).map((each) => each.ip);
  return addresses.find((address) => address.includes(':') === ((end.family ?? family) === 6)) ?? addresses[0] ?? '';
}
