/** What some rules ask for and some back ends cannot carry: what it comes to, written by hand. */
import { protocolNumber } from '@weir/net';
import type { RuleFeature } from '../../src/programs/rule-refusal.ts';
import type { ConformanceCase } from '../conformance/cases.ts';

const { ICMP, ICMPv6, TCP, UDP } = protocolNumber;
const [echo4, timestamp4, echo6] = [8 * 256, 13 * 256, 128 * 256];

/** A case of a back end that carries the feature; others refuse its programs. */
export interface FeatureCase extends ConformanceCase {
  readonly feature: RuleFeature;
}

export const featureCases: readonly FeatureCase[] = [
  {
    rule: 'DP79',
    feature: 'excludedProtocol',
    name: 'a rule that excludes a protocol is about all others, those without ports too',
    state: {
      sets: { a: { a: 'member' } },
      ingress: {
        b: [
          { peer: ['a'], notProtocol: TCP },
          { notProtocol: UDP, peer: ['!a'] },
          { protocol: TCP, ports: [80] },
        ],
      },
    },
    allowed: ['a > b udp 80', 'a > b icmp', 'a > b tcp 80', 'a > b sctp 7', 'c > b tcp 81', 'ext > b icmp'],
    denied: ['a > b tcp 81', 'c > b udp 80', 'ext > b udp 443'],
  },
  {
    rule: 'DP79',
    feature: 'messages',
    name: 'messages of ICMP are told apart by type and code, and no other protocol has them',
    state: {
      ingress: {
        b: [
          { protocol: ICMP, ports: [echo4] },
          { protocol: ICMPv6, ports: [[echo6, echo6 + 4]] },
        ],
      },
    },
    allowed: ['a > b icmp', 'ext > b icmp', 'a > b icmp 8/0 [4]', 'c > b icmp 128/4 [6]'],
    denied: ['a > b icmp 8/5 [4]', 'a > b icmp 13/0 [4]', 'a > b icmp 128/5 [6]', 'a > b icmp 139/0 [6]', 'a > b tcp 80', 'a > b udp 443'],
  },
  {
    rule: 'DP79',
    feature: 'messages',
    name: 'a denied type of ICMP stays denied before a rule that allows everything',
    state: {
      egress: {
        a: [
          { protocol: ICMP, ports: [[echo4, timestamp4 - 1]], action: 'deny' },
          {
            protocol: ICMPv6,
            ports: [
              [0, echo6 - 1],
              [echo6 + 256, 65_535],
            ],
            action: 'deny',
          },
          {},
        ],
      },
    },
    allowed: ['a > b tcp 80', 'a > ext udp 80', 'a > b icmp 13/0 [4]', 'a > c icmp 42/5 [4]', 'a > b icmp 128/5 [6]', 'a > ext icmp [6]'],
    denied: ['a > b icmp 8/0 [4]', 'a > ext icmp 8/5 [4]', 'a > b icmp 139/0 [6]', 'a > b icmp 200/0 [6]'],
  },
  {
    rule: 'DP79',
    feature: 'sourcePorts',
    name: 'a rule with source ports is about packets from these, and its other ports as well',
    state: {
      sets: { a: { a: 'member' } },
      ingress: {
        b: [
          { protocol: TCP, ports: [80], sourcePorts: [[1_000, 2_000]] },
          { peer: ['a'], protocol: UDP, sourcePorts: [1_000] },
        ],
      },
      egress: { c: [{ action: 'deny', protocol: TCP, sourcePorts: [[0, 1_023]] }, {}] },
    },
    allowed: ['a > b tcp 80 from 1000', 'ext > b tcp 80 from 2000', 'a > b udp 443 from 1000', 'c > ext tcp 80 from 1024', 'c > ext icmp'],
    denied: [
      'a > b tcp 80 from 2001',
      'a > b tcp 81 from 1000',
      'a > b udp 443 from 1001',
      'ext > b udp 443 from 1000',
      'a > b tcp 80',
      'a > b icmp',
      'c > ext tcp 80 from 1023',
    ],
  },
  {
    rule: 'DP79',
    feature: 'excludedNamedPorts',
    name: 'a rule that excludes named ports leaves out those of each peer',
    state: {
      sets: { named: { b: [{ protocol: TCP, port: 81 }], c: [{ protocol: UDP, port: 80 }] } },
      egress: { a: [{ peer: ['!named'], protocol: TCP, ports: [80, 81] }] },
    },
    allowed: ['a > b tcp 80', 'a > c tcp 81', 'a > ext tcp 81'],
    denied: ['a > b tcp 81', 'a > b tcp 90', 'a > c udp 80'],
  },
];
