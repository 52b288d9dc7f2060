/** Host endpoints on packets, written by hand from the contract's words (`packages/calc/src/delta/delta.ts`). */

import type { HostSettings } from '@weir/model';
import { type AddressRange, defined, parseAddress } from '@weir/net';
import type { ConformanceCase } from '../conformance/cases.ts';
import type { ProgramText, RuleText } from '../conformance/state.ts';

const tcp = 6;
const udp = 17;
const sctp = 132;
/** A port of the node behind which pod `a` stands, with its port 80. */
export const nodePort = 8080;

/** Says what its rules say, and nothing else: the next family is asked. */
function says(...rules: readonly RuleText[]): ProgramText {
  return { tiers: [{ rules, end: 'pass' }], otherwise: 'allow' };
}

const deny = (port: number, protocol = tcp): RuleText => ({ action: 'deny', protocol, ports: [port] });
const allow = (port: number, protocol = tcp): RuleText => ({ protocol, ports: [port] });
const closed: ProgramText = { tiers: [], otherwise: 'deny' };
const sets = { a: { a: 'member' } } as const;
const ranges = { other: ['198.51.100.7/32', '2001:db8:f::7/128'], outside: ['192.0.2.0/24', '2001:db8::/64'] };
const ssh: HostSettings = { failsafes: [{ direction: 'ingress', protocol: tcp, port: 443 }], podToHost: 'return' };

function block(first: string, last: string): AddressRange {
  const address = (text: string) => defined(parseAddress(text), text);
  return { first: address(first), last: address(last) };
}

const open = (podToHost: HostSettings['podToHost']): HostSettings => ({ failsafes: [], podToHost });

export const hostCases: readonly ConformanceCase[] = [
  {
    rule: 'DP94',
    name: 'normal in holds for connections from outside to the node, by peers and ports, and for nobody else',
    state: {
      ranges,
      hosts: {
        eth0: {
          interfaces: ['eth0'],
          normal: {
            ingress: [{ protocol: tcp, ports: [80], peer: ['outside'] }, { protocol: sctp, ports: [[80, 81]], peer: ['other'] }, allow(81)],
          },
        },
      },
    },
    allowed: [
      'ext > node tcp 80',
      'other > node sctp 80',
      'ext > node tcp 81',
      'ext > a tcp 443',
      'a > node tcp 443',
      'node > ext tcp 443',
      'node > a udp 90',
    ],
    denied: ['other > node sctp 90', 'ext > node tcp 443', 'ext > node udp 80', 'ext > node icmp', 'ext > node sctp 80'],
  },
  {
    rule: 'DP94',
    name: 'normal out holds for what the node itself opens, and not for its own pods, not for what it forwards',
    state: { ranges, hosts: { eth0: { interfaces: ['eth0'], normal: { egress: [{ ...allow(80), peer: ['other'] }, allow(81, udp)] } } } },
    allowed: ['node > other tcp 80', 'node > ext udp 81', 'a > ext tcp 443', 'ext > node tcp 443', 'node > a tcp 443', 'ext > node icmp'],
    denied: ['node > ext tcp 80', 'node > other tcp 81', 'node > ext icmp', 'node > other udp 80'],
  },
  {
    rule: 'DP94',
    name: 'all interfaces are those that no endpoint names; to and from its own pods the node is not asked',
    state: {
      hosts: {
        all: { interfaces: 'all', normal: { ingress: closed, egress: closed } },
        none: { interfaces: ['eth9'], normal: { ingress: [] } },
      },
    },
    allowed: ['a > node tcp 80', 'node > a tcp 80', 'ext > a tcp 80', 'a > ext tcp 80', 'a > b tcp 80'],
    denied: ['ext > node tcp 80', 'node > ext tcp 80', 'node > ext icmp'],
  },
  {
    rule: 'DP94',
    name: 'an endpoint that names an interface comes before the one for all, whatever it says or leaves unsaid',
    state: { hosts: { all: { interfaces: 'all', normal: { ingress: closed, egress: closed } }, eth0: { interfaces: ['eth0'] } } },
    allowed: ['ext > node tcp 80', 'node > ext tcp 80'],
    denied: [],
  },
  {
    rule: 'DP95',
    name: 'forward in holds for what comes in through the interface to pods, behind translation, beside what pods say',
    state: {
      sets,
      ingress: { b: [allow(80)] },
      hosts: { eth0: { interfaces: ['eth0'], forward: { ingress: [allow(80), allow(81)] } } },
    },
    allowed: [`ext > node tcp ${nodePort}`, 'ext > a tcp 81', 'ext > b tcp 80', 'a > ext tcp 443', 'ext > node tcp 443', 'a > c tcp 443'],
    denied: ['ext > a tcp 443', 'ext > b tcp 81', 'ext > a icmp'],
  },
  {
    rule: 'DP95',
    name: 'forward out holds for what leaves through the interface, by peers; and one for all interfaces for pods among themselves',
    state: { sets, ranges, hosts: { eth0: { interfaces: ['eth0'], forward: { egress: [{ peer: ['other'] }] } } } },
    allowed: ['a > other tcp 80', 'node > ext tcp 80', 'ext > a tcp 80', 'a > b tcp 80'],
    denied: ['a > ext tcp 80', 'a > ext icmp'],
  },
  {
    rule: 'DP95',
    name: 'forward of an endpoint for all interfaces holds for pods too, on both ends',
    state: { sets, hosts: { all: { interfaces: 'all', forward: { ingress: [{ peer: ['a'] }], egress: [allow(80)] } } } },
    allowed: ['a > b tcp 80', 'a > ext tcp 80', 'a > node tcp 443', 'node > a tcp 443', 'node > ext tcp 443'],
    denied: ['a > b tcp 81', 'c > b tcp 80', 'ext > b tcp 80'],
  },
  {
    rule: 'DP96',
    name: 'preDNAT denies by the port that was spoken to, and the pod is reached on its own',
    state: { hosts: { eth0: { interfaces: ['eth0'], preDNAT: { ingress: says(deny(nodePort), deny(443)) } } } },
    allowed: ['ext > a tcp 80', 'ext > node tcp 80', 'ext > b udp 80', 'a > ext tcp 443', 'a > node tcp 443'],
    denied: [`ext > node tcp ${nodePort}`, 'ext > node tcp 443', 'ext > b tcp 443'],
  },
  {
    rule: 'DP96',
    name: 'what preDNAT allows passes normal and forward in; an interface opens no pod by that',
    state: {
      ingress: { b: [] },
      hosts: {
        eth0: {
          interfaces: ['eth0'],
          preDNAT: { ingress: says(allow(nodePort), allow(81)) },
          normal: { ingress: closed },
          forward: { ingress: closed },
        },
      },
    },
    allowed: [`ext > node tcp ${nodePort}`, 'ext > node tcp 81', 'ext > c tcp 81'],
    denied: ['ext > node tcp 80', 'ext > a tcp 80', 'ext > b tcp 81'],
  },
  {
    rule: 'DP96',
    name: 'preDNAT for all interfaces holds for pods that reach for their node, and allows them nothing',
    state: {
      egress: { b: [] },
      hosts: { all: { interfaces: 'all', preDNAT: { ingress: says(deny(80), allow(81)) } } },
    },
    allowed: ['a > node tcp 81', 'a > node tcp 443'],
    denied: ['a > node tcp 80', 'b > node tcp 81', 'a > ext tcp 80', 'a > c tcp 80'],
  },
  {
    rule: 'DP97',
    name: 'untracked denies every packet on its way, before anything knows of connections',
    state: {
      hosts: { eth0: { interfaces: ['eth0'], untracked: { ingress: says(deny(80)), egress: says(deny(81)) } } },
    },
    allowed: ['ext > node tcp 443', 'node > ext tcp 443', 'a > ext tcp 81', 'node > a tcp 81'],
    denied: ['ext > node tcp 80', 'ext > a tcp 80', 'node > ext tcp 81'],
  },
  {
    rule: 'DP97',
    name: 'what untracked allows passes normal, where its rules are symmetric',
    state: {
      hosts: {
        eth0: {
          interfaces: ['eth0'],
          untracked: { ingress: says(allow(80), allow(81)), egress: says({ protocol: tcp, sourcePorts: [80] }) },
          normal: { ingress: closed, egress: closed },
        },
      },
    },
    allowed: ['ext > node tcp 80'],
    // The answers of port 81 belong to no connection, and nothing lets them out.
    denied: ['ext > node tcp 81', 'ext > node tcp 443', 'node > ext tcp 80'],
  },
  {
    rule: 'DP98',
    name: 'ports that stay open are open before untracked, preDNAT and normal, and not for what is forwarded',
    state: {
      hosts: {
        eth0: {
          interfaces: ['eth0'],
          untracked: { ingress: says(deny(443)), egress: says({ action: 'deny', protocol: tcp, sourcePorts: [443] }) },
          preDNAT: { ingress: says(deny(443)) },
          normal: { ingress: closed, egress: closed },
          forward: { ingress: closed },
        },
      },
      hostSettings: ssh,
    },
    allowed: ['ext > node tcp 443', 'a > node tcp 443'],
    denied: ['ext > node udp 443', 'ext > node tcp 80', 'ext > a tcp 443', 'node > ext tcp 443'],
  },
  {
    rule: 'DP98',
    name: 'a port can stay open for a block alone, in each direction, also where blocks overlap',
    state: {
      hosts: { eth0: { interfaces: ['eth0'], normal: { ingress: closed, egress: closed } } },
      hostSettings: {
        podToHost: 'return',
        failsafes: [
          { direction: 'ingress', protocol: sctp, port: 80, block: block('198.51.100.0', '198.51.100.255') },
          { direction: 'ingress', protocol: sctp, port: 80, block: block('198.51.100.7', '198.51.101.255') },
          { direction: 'ingress', protocol: sctp, port: 80, block: block('2001:db8:f::', '2001:db8:f::ffff') },
          { direction: 'egress', protocol: udp, port: 81, block: block('192.0.2.0', '192.0.2.255') },
        ],
      },
    },
    allowed: ['other > node sctp 80', 'node > ext udp 81 [4]'],
    denied: ['ext > node sctp 80', 'other > node sctp 81', 'node > ext udp 81 [6]', 'node > other udp 81', 'node > ext tcp 81'],
  },
  {
    rule: 'DP101',
    name: 'rules that ask for addresses at their own end mean what was sent, or what became of it, family by family',
    state: {
      ranges: { ...ranges, node: ['192.0.2.1/32', '2001:db8::1/128'], pods: ['10.77.0.0/24', 'fd77::/64'] },
      sets: { ...sets, b: { b: 'member' } },
      hosts: {
        eth0: {
          interfaces: ['eth0'],
          preDNAT: { ingress: says({ action: 'deny', local: ['node'], protocol: tcp, ports: [[80, 81]] }) },
          forward: {
            ingress: [
              { local: ['a'], protocol: tcp },
              { local: ['pods', '!a', '!b'], peer: ['outside'], protocol: udp },
            ],
          },
          normal: {
            egress: [
              { local: ['node'], protocol: tcp },
              { local: ['pods'], protocol: udp },
            ],
          },
        },
      },
    },
    allowed: [`ext > node tcp ${nodePort}`, 'ext > a tcp 80', 'ext > c udp 80', 'ext > node tcp 443', 'node > ext tcp 80'],
    denied: ['ext > node tcp 80', 'ext > b tcp 80', 'ext > b udp 80', 'ext > c tcp 80', 'ext > a udp 80', 'node > ext udp 80'],
  },
  {
    rule: 'DP101',
    name: 'named ports at the own end are those of the pod behind it, wanted or left out',
    state: {
      sets: { web: { a: [{ protocol: tcp, port: 80 }], b: [{ protocol: tcp, port: 81 }] } },
      hosts: {
        all: {
          interfaces: 'all',
          forward: {
            ingress: [
              { local: ['web'], protocol: tcp },
              { local: ['!web'], protocol: tcp, ports: [443, 80] },
            ],
          },
        },
      },
    },
    allowed: ['ext > a tcp 80', 'ext > b tcp 81', 'ext > a tcp 443', 'ext > b tcp 80', 'ext > c tcp 80', 'c > b tcp 81'],
    denied: ['ext > a tcp 81', 'ext > c tcp 81', 'ext > b tcp 90', 'ext > a udp 80', 'c > a tcp 81'],
  },
  ...(['accept', 'return'] as const).map(
    (podToHost): ConformanceCase => ({
      rule: 'DP99',
      name: `${podToHost}: pods reach their own node as far as their own policies let them`,
      state: {
        egress: { b: [allow(80)] },
        hosts: { all: { interfaces: 'all', normal: { ingress: closed } } },
        hostSettings: open(podToHost),
      },
      allowed: ['a > node tcp 443', 'b > node tcp 80'],
      denied: ['b > node tcp 81', 'ext > node tcp 80'],
    }),
  ),
  {
    rule: 'DP99',
    name: 'drop: no pod begins to talk to its own node, whatever allows it, also without any host endpoint',
    state: { egress: { b: [allow(80)] }, hostSettings: open('drop') },
    allowed: ['node > a tcp 80', 'a > ext tcp 80', 'b > ext tcp 80', 'ext > node tcp 80'],
    denied: ['a > node tcp 80', 'b > node tcp 80', 'a > node icmp'],
  },
  {
    rule: 'DP99',
    name: 'policy: pods that reach for their own node are judged as others are',
    state: { hosts: { all: { interfaces: 'all', normal: { ingress: [allow(80)], egress: closed } } }, hostSettings: open('policy') },
    allowed: ['a > node tcp 80', 'ext > node tcp 80', 'node > a tcp 443', 'a > ext tcp 443'],
    denied: ['a > node tcp 81', 'ext > node tcp 81', 'node > ext tcp 443'],
  },
];
