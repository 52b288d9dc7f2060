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
import { networkProblem } from '../../src/network/network-problem.ts';

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

describe('a cluster is refused a network', () => {
  const needs = { nodes: 2, taken: [] as readonly string[] };
  const rows: readonly [string, Partial<NetworkShape>, RegExp, (readonly string[])?][] = [
    ['with a block that is none', { podCidrs: ['10.244.0.0/33'] }, /"10\.244\.0\.0\/33" is no block/],
    ['with an overlay and no block for pods', { podCidrs: [] }, /overlay needs blocks of its own/],
    ['with a block for pods that share the nodes’ subnet', { plugin: 'node-subnet' }, /node-subnet has no blocks/],
    ['with pods of another family than nodes', { podCidrs: ['fd00::/64'] }, /same families/],
    ['with services of another family than nodes', { serviceCidrs: ['fd00::/112'] }, /same families/],
    ['with IPv6 alone', { nodeSubnets: ['fd00:10:224::/64'] }, /IPv4 before IPv6/],
    ['with pods among the nodes', { podCidrs: ['10.224.128.0/17'] }, /10\.224\.0\.0\/16 overlaps with 10\.224\.128\.0\/17/],
    ['with pods among the services', { podCidrs: ['10.0.0.0/8'] }, /overlaps/],
    ['with pods where something else is', {}, /overlaps with 10\.244\.3\.0\/24/, ['10.244.3.0/24']],
    ['with DNS outside of the services', { dnsService: '10.1.0.10' }, /cluster DNS cannot have 10\.1\.0\.10/],
    ['with DNS at the place of the API server', { dnsService: '10.0.0.1' }, /first address of 10\.0\.0\.0\/16/],
    ['with fewer pod blocks than nodes', { podCidrs: ['10.244.0.0/24'] }, /2 nodes do not fit.*has pod blocks for 1/],
  ];
  it.each(rows)('%s', (_name, changes, problem, taken = []) => {
    expect(networkProblem({ ...overlay(['10.244.0.0/16']), ...changes }, { ...needs, taken })).toMatch(problem);
  });

  it('and no other', () => {
    expect(networkProblem(usualNetwork(true), needs)).toBeUndefined();
    expect(networkProblem(overlay(['10.244.0.0/16', 'fd12:3456:789a::/64'], true), needs)).toBeUndefined();
    expect(networkProblem({ ...usualNetwork(false), plugin: 'none' }, needs)).toBeUndefined();
  });
});
