/** Blocks of addresses in objects of Calico, Cilium and administrators, in the addresses of a lab. */
import { addressRangesContain, defined, parseAddress, parseCidr, rangesOfBlocks } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { type BlockTranslation, translatePolicyBlocks } from '../../src/index.ts';

const address = (text: string): ReturnType<typeof parseAddress> & {} => defined(parseAddress(text), text);
const translation: BlockTranslation = {
  addresses: [
    { here: address('10.50.1.7'), there: address('10.224.1.2') },
    { here: address('10.50.2.8'), there: address('10.224.2.3') },
    { here: address('172.20.0.9'), there: address('10.224.3.4') },
    { here: address('fd50::7'), there: address('fd00:10:224::2') },
  ],
  own: ['10.224.0.0/12', 'fd00:10:224::/48'].flatMap((text) => parseCidr(text) ?? []),
};
const specOf = (apiVersion: string, spec: object): unknown =>
  (
    translatePolicyBlocks({ apiVersion, kind: 'Any', metadata: { name: 'p', labels: { nets: '10.50.1.0/24' } }, spec }, translation) as {
      spec?: unknown;
    }
  ).spec;

describe('blocks of addresses in policies of other APIs, in a lab that stands for a cluster', () => {
  it('hold the same pods and the same addresses outside in rules of Calico and in its sets', () => {
    const rule = {
      action: 'Allow',
      source: { nets: ['10.50.1.0/24'], selector: 'has(nets)' },
      destination: { notNets: ['10.50.2.8', '203.0.113.0/24'] },
    };
    expect(specOf('projectcalico.org/v3', { ingress: [rule], egress: [{ ...rule, source: {} }] })).toEqual({
      ingress: [
        {
          action: 'Allow',
          source: { nets: ['10.50.1.0/24', '10.224.1.2/32'], selector: 'has(nets)' },
          destination: { notNets: ['10.50.2.8/32', '10.224.2.3/32', '203.0.113.0/24'] },
        },
      ],
      egress: [{ action: 'Allow', source: {}, destination: { notNets: ['10.50.2.8/32', '10.224.2.3/32', '203.0.113.0/24'] } }],
    });
    expect(specOf('projectcalico.org/v3', { nets: ['fd50::/64', '10.224.7.0/24'] })).toEqual({
      nets: ['fd50::/64', 'fd00:10:224::2/128', '192.0.2.254/32'],
    });
  });

  it('stay of one family, also where they hold nobody', () => {
    expect(specOf('projectcalico.org/v3', { nets: ['fd00:10:224:7::/64'] })).toEqual({
      nets: ['2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/128'],
    });
  });

  it('keep the addresses that interfaces are known by, and the ports that nothing closes', () => {
    expect(specOf('projectcalico.org/v3', { node: 'n1', expectedIPs: ['10.50.1.7', '198.51.100.4'] })).toEqual({
      node: 'n1',
      expectedIPs: ['10.224.1.2', '198.51.100.4'],
    });
    expect(
      specOf('projectcalico.org/v3', { failsafeInboundHostPorts: [{ protocol: 'tcp', port: 22, net: '10.50.1.7/32' }, { port: 68 }] }),
    ).toEqual({
      failsafeInboundHostPorts: [
        { protocol: 'tcp', port: 22, net: '10.50.1.7/32' },
        { protocol: 'tcp', port: 22, net: '10.224.1.2/32' },
        { port: 68 },
      ],
    });
  });

  it('are so in lists, sets with exceptions and groups of Cilium', () => {
    expect(
      specOf('cilium.io/v2', {
        endpointSelector: { matchLabels: { toCIDR: 'x' } },
        egress: [
          { toCIDR: ['10.50.1.0/24'] },
          {
            toCIDRSet: [
              { cidr: '10.0.0.0/8', except: ['10.50.1.0/24'] },
              { cidrGroupRef: 'g', except: ['10.50.2.8/32'] },
              { cidrGroupRef: 'h' },
            ],
          },
        ],
        ingressDeny: [{ fromCIDR: ['0.0.0.0/0'] }],
      }),
    ).toEqual({
      endpointSelector: { matchLabels: { toCIDR: 'x' } },
      egress: [
        { toCIDR: ['10.50.1.0/24', '10.224.1.2/32'] },
        {
          toCIDRSet: [
            { cidr: '10.0.0.0/8', except: ['10.50.1.0/24', '10.224.0.0/12'] },
            { cidr: '10.224.2.3/32' },
            { cidrGroupRef: 'g', except: ['10.50.2.8/32', '10.224.2.3/32'] },
            { cidrGroupRef: 'h' },
          ],
        },
      ],
      ingressDeny: [{ fromCIDR: ['0.0.0.0/0'] }],
    });
    expect(specOf('cilium.io/v2', { externalCIDRs: ['10.50.2.0/24'] })).toEqual({ externalCIDRs: ['10.50.2.0/24', '10.224.2.3/32'] });
  });

  it('are several peers of an administrator where they became too many for one', () => {
    const spec = specOf('policy.networking.k8s.io/v1alpha1', {
      egress: [{ action: 'Deny', to: [{ networks: ['10.192.0.0/10', '10.0.0.0/9', '0.0.0.0/1', '8.0.0.0/5', '224.0.0.0/3'] }] }],
    });
    const peers = (spec as { egress: { to: { networks: string[] }[] }[] }).egress[0]?.to ?? [];
    expect(Math.max(...peers.map(({ networks }) => networks.length))).toBeLessThanOrEqual(25);
    const ranges = rangesOfBlocks(peers.flatMap(({ networks }) => networks));
    const held = ['10.224.1.2', '10.224.2.3', '10.225.0.1', '10.50.9.9', '9.1.1.1', '240.0.0.1', '192.0.2.1'].filter((text) =>
      addressRangesContain(ranges, address(text)),
    );
    expect(held).toEqual(['10.224.1.2', '10.224.2.3', '10.50.9.9', '9.1.1.1', '240.0.0.1']);
  });
});
