/** Tiers, rules that deny, pass and log: what they come to, written by hand from the model's words (`design/model.md`). */
import type { ConformanceCase } from '../conformance/cases.ts';

const tcp = 6;
const udp = 17;
const sets = { a: { a: 'member' }, both: { a: 'member', c: 'member' } } as const;
const ranges = { outside: ['192.0.2.0/24', '198.51.100.0/24', '2001:db8::/32'], other: ['198.51.100.7/32', '2001:db8:f::7/128'] };

export const tierCases: readonly ConformanceCase[] = [
  {
    rule: 'DP70',
    name: 'of rules in one tier the first that matches decides',
    state: {
      sets,
      ingress: {
        b: [
          { action: 'deny', peer: ['a'], protocol: tcp, ports: [80] },
          { peer: ['both'], protocol: tcp },
          { action: 'deny', peer: ['both'] },
          { protocol: udp },
        ],
      },
    },
    allowed: ['a > b tcp 81', 'c > b tcp 80', 'ext > b udp 80'],
    denied: ['a > b tcp 80', 'a > b udp 80', 'c > b udp 80', 'c > b icmp', 'ext > b tcp 80', 'ext > b icmp'],
  },
  {
    rule: 'DP70',
    name: 'a rule that allows before one that denies lets through, within a range too',
    state: {
      sets,
      ingress: {
        b: [
          { protocol: tcp, ports: [[80, 81]] },
          { action: 'deny', protocol: tcp, ports: [[0, 442]] },
          { peer: ['a'], protocol: tcp },
        ],
      },
    },
    allowed: ['c > b tcp 80', 'c > b tcp 81', 'a > b tcp 443'],
    denied: ['a > b tcp 90', 'c > b tcp 90', 'c > b tcp 443', 'a > b udp 80'],
  },
  {
    rule: 'DP70',
    name: 'pass leaves the rest of its tier out and asks the next one; what no rule of a tier matches goes by its end',
    state: {
      sets,
      ingress: {
        b: {
          tiers: [
            {
              rules: [
                { action: 'pass', peer: ['a'], protocol: tcp, ports: [[80, 90]] },
                { action: 'deny', peer: ['both'], protocol: tcp, ports: [[80, 81]] },
                { peer: ['both'], protocol: tcp, ports: [90] },
              ],
              end: 'pass',
            },
            {
              rules: [
                { peer: ['a'], protocol: tcp, ports: [80, 443] },
                { peer: ['both'], protocol: udp },
              ],
              end: 'deny',
            },
          ],
          otherwise: 'allow',
        },
      },
    },
    allowed: ['a > b tcp 80', 'a > b tcp 443', 'c > b tcp 90', 'a > b udp 80', 'c > b udp 81'],
    denied: ['a > b tcp 81', 'a > b tcp 90', 'c > b tcp 80', 'c > b tcp 443', 'ext > b tcp 80', 'ext > b udp 80', 'a > b icmp'],
  },
  {
    rule: 'DP70',
    name: 'behind the last tier stands what is said otherwise: allow',
    state: {
      sets,
      egress: {
        a: {
          tiers: [
            {
              rules: [
                { action: 'deny', protocol: udp },
                { action: 'pass', protocol: tcp, ports: [80] },
              ],
              end: 'pass',
            },
            { rules: [{ action: 'deny', protocol: tcp, ports: [81] }, { action: 'pass' }], end: 'deny' },
          ],
          otherwise: 'allow',
        },
      },
    },
    allowed: ['a > b tcp 80', 'a > b tcp 90', 'a > ext icmp', 'a > c sctp 7'],
    denied: ['a > b udp 80', 'a > ext udp 443', 'a > b tcp 81'],
  },
  {
    rule: 'DP70',
    name: 'behind the last tier stands what is said otherwise: deny',
    state: {
      sets,
      egress: {
        a: {
          tiers: [
            {
              rules: [
                { protocol: tcp, ports: [80] },
                { action: 'pass', protocol: tcp, ports: [81] },
              ],
              end: 'pass',
            },
          ],
          otherwise: 'deny',
        },
      },
    },
    allowed: ['a > b tcp 80', 'a > ext tcp 80'],
    denied: ['a > b tcp 81', 'a > b tcp 90', 'a > b udp 80', 'a > ext icmp'],
  },
  {
    rule: 'DP70',
    name: 'a rule that logs decides nothing',
    state: {
      sets,
      ingress: {
        b: [
          { action: 'log' },
          { peer: ['a'], protocol: tcp, ports: [80] },
          { action: 'log', protocol: tcp, ports: [[0, 65_535]] },
          { action: 'deny', peer: ['both'] },
          { protocol: tcp, ports: [90] },
        ],
      },
    },
    allowed: ['a > b tcp 80', 'ext > b tcp 90'],
    denied: ['a > b tcp 90', 'c > b tcp 90', 'ext > b tcp 80', 'ext > b udp 90', 'a > b icmp'],
  },
  {
    rule: 'DP70',
    name: 'both directions run through their own tiers, for ranges and their opposite alike',
    state: {
      sets,
      ranges,
      egress: {
        b: {
          tiers: [
            {
              rules: [
                { action: 'deny', peer: ['other'] },
                { action: 'pass', peer: ['outside'], protocol: tcp },
              ],
              end: 'pass',
            },
            { rules: [{ action: 'deny', peer: ['!outside'], protocol: tcp, ports: [81] }, { protocol: tcp }], end: 'deny' },
          ],
          otherwise: 'deny',
        },
      },
      ingress: {
        a: { tiers: [{ rules: [{ action: 'deny', protocol: tcp, ports: [80] }], end: 'pass' }], otherwise: 'allow' },
      },
    },
    allowed: ['b > ext tcp 81', 'b > a tcp 90', 'c > a udp 80', 'c > a tcp 81'],
    denied: ['b > other tcp 80', 'b > a tcp 81', 'b > a tcp 80', 'b > c tcp 81', 'b > ext udp 80', 'c > a tcp 80'],
  },
];
