import { describe, expect, it } from 'vitest';
import {
  apiServerAddress,
  kubernetesServiceAddress,
  type NetworkShape,
  nodePlace,
  nodeRoom,
  routerAddresses,
  usualNetwork,
} from '../../src/index.ts';

const overlay = (podCidrs: readonly string[], dualStack = false): NetworkShape => ({
  ...usualNetwork(dualStack),
  plugin: 'overlay',
  podCidrs,
});

describe('the usual network', () => {
  it('gives nodes and pods addresses of one subnet, as AKS does for a node subnet', () => {
    const network = usualNetwork(true);
    expect(nodePlace(network, 0)).toEqual({
      addresses: ['10.224.0.4', 'fd00:10:224::4'],
      podBlocks: ['10.224.1.0/24', 'fd00:10:224:1::/64'],
    });
    expect(nodePlace(network, 249)).toEqual({
      addresses: ['10.224.0.253', 'fd00:10:224::fd'],
      podBlocks: ['10.224.250.0/24', 'fd00:10:224:fa::/64'],
    });
    expect(nodePlace(network, 250)).toBeUndefined();
  });

  it('has the API server at the router, and the first services where everybody looks for them', () => {
    const network = usualNetwork(true);
    expect(routerAddresses(network)).toEqual(['10.224.0.1', 'fd00:10:224::1']);
    expect([apiServerAddress(network), kubernetesServiceAddress(network), network.dnsService]).toEqual([
      '10.224.0.1',
      '10.0.0.1',
      '10.0.0.10',
    ]);
  });
});

describe('an overlay', () => {
  it('gives each node a /24 of the pods’ own block, and leaves the nodes in their subnet', () => {
    const network = overlay(['10.244.0.0/16']);
    expect(nodePlace(network, 0)).toEqual({ addresses: ['10.224.0.4'], podBlocks: ['10.244.0.0/24'] });
    expect(nodePlace(network, 7)).toEqual({ addresses: ['10.224.0.11'], podBlocks: ['10.244.7.0/24'] });
  });

  it.each([
    { pods: '10.244.0.0/16', room: 250 },
    { pods: '192.168.0.0/22', room: 4 },
    { pods: '192.168.7.0/24', room: 1 },
    { pods: '192.168.7.0/25', room: 0 },
  ])('has room for $room nodes in $pods', ({ pods, room }) => {
    expect(nodeRoom(overlay([pods]))).toBe(room);
  });

  it('divides an IPv6 block of the usual length into a /80 for each node', () => {
    const network = overlay(['10.244.0.0/16', 'fd12:3456:789a::/64'], true);
    expect(nodePlace(network, 1)?.podBlocks).toEqual(['10.244.1.0/24', 'fd12:3456:789a:0:1::/80']);
  });
});

describe('a network without a plugin', () => {
  it('has addresses for nodes and none for pods', () => {
    expect(nodePlace({ ...usualNetwork(false), plugin: 'none' }, 1)).toEqual({ addresses: ['10.224.0.5'], podBlocks: [] });
  });
});
