import { protocolNumber } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { describeTraffic, type TrafficClass, trafficClasses, trafficOf } from '../src/index.ts';

function classesOf(ports: readonly object[]): readonly TrafficClass[] {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'x' },
    spec: { podSelector: {}, ingress: ports.map((port) => ({ ports: [port] })) },
  };
  return trafficClasses([loadSnapshot([policy]).world], [], 4);
}

const all = classesOf([{ port: 80 }, { port: 8000, endPort: 8080 }, { port: 8081 }, { port: 53, protocol: 'UDP' }]);
const among = (test: (one: TrafficClass) => boolean): readonly TrafficClass[] => all.filter(test);
const is = (protocol: number, ...ports: number[]): ((one: TrafficClass) => boolean) => {
  return (one) =>
    one.protocol === protocol && (ports.length === 0 || ports.some((port) => one.ports?.some((r) => r.first <= port && port <= r.last)));
};

describe('traffic in words', () => {
  it.each([
    ['nothing', () => false, 'no traffic'],
    ['everything', () => true, 'all traffic'],
    ['ports of one protocol, adjacent ones put together', is(protocolNumber.TCP, 80, 8000, 8081), 'TCP 80, 8000-8081'],
    ['a whole protocol', is(protocolNumber.UDP), 'UDP'],
    ['two protocols', (one: TrafficClass) => is(protocolNumber.TCP, 80)(one) || is(protocolNumber.UDP, 53)(one), 'TCP 80; UDP 53'],
    ['all but one port', (one: TrafficClass) => !is(protocolNumber.TCP, 80)(one), 'all traffic except TCP 80'],
    ['what has no ports, which stands for other protocols where no rule names them', is(protocolNumber.ICMP), 'ICMP; other protocols'],
  ])('names %s', (_, test, words) => {
    expect(describeTraffic(among(test), all)).toBe(words);
  });

  it('is the same as data, with ranges of ports', () => {
    expect(trafficOf(among(is(protocolNumber.TCP, 80, 8000)), all)).toEqual([
      {
        protocol: 'TCP',
        ports: [
          { first: 80, last: 80 },
          { first: 8000, last: 8080 },
        ],
      },
    ]);
  });

  it('names messages of ICMP, and those that no rule names', () => {
    const policy = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'x' },
      spec: { selector: 'all()', ingress: [{ action: 'Allow', protocol: 'ICMP', icmp: { type: 8, code: 0 } }] },
    };
    const classes = trafficClasses([loadSnapshot([policy]).world], [], 4);
    const messages = classes.filter(({ protocol }) => protocol === protocolNumber.ICMP);
    const tell = (type: (one: TrafficClass) => boolean): string => describeTraffic(messages.filter(type), classes);
    expect(tell(({ icmp, standsFor }) => icmp?.type === 8 && standsFor === undefined)).toBe('ICMP type 8 code 0');
    expect(tell(({ standsFor }) => standsFor === 'other codes')).toBe('ICMP type 8 other codes');
    expect(tell(({ standsFor }) => standsFor === 'other types')).toBe('ICMP other types');
    expect(tell(() => true)).toBe('ICMP');
  });

  it('names a type of ICMP alone where all its codes are alike', () => {
    const policy = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkPolicy',
      metadata: { name: 'p', namespace: 'x' },
      spec: { selector: 'all()', ingress: [{ action: 'Allow', protocol: 'ICMP', icmp: { type: 8 } }] },
    };
    const classes = trafficClasses([loadSnapshot([policy]).world], [], 4);
    expect(
      describeTraffic(
        classes.filter(({ icmp, standsFor }) => icmp?.type === 8 && standsFor !== 'other types'),
        classes,
      ),
    ).toBe('ICMP type 8');
  });
});
