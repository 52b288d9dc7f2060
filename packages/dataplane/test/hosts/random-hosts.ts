/** Random host endpoints beside random programs of pods, and the way of an attempt through the node's interfaces. */

import type { Flow } from '@weir/net';
import type { HostInterface, HostPacket } from '@weir/testkit';
import fc from 'fast-check';
import type { HostText, ProgramText, RuleText, StateText } from '../conformance/state.ts';
import { type Attempt, addressOf, type HostName, protocolOfAttempt } from '../conformance/world.ts';
import { ruleFeatures, tieredState } from '../tiers/random-tiers.ts';
import { nodePort } from './host-cases.ts';

const [tcp, udp] = [6, 17];
/** Real sockets send from some such port. */
const someSourcePort = 50_000;

const ownEnd = fc.option(
  fc.uniqueArray(fc.constantFrom('one', 'two', '!one', 'pods', '!pods', 'outside', '!outside'), { minLength: 1, maxLength: 2 }),
  {
    nil: undefined,
    freq: 2,
  },
);

/** Programs of pods, made into those of hosts. Untracked denies no answers: an attempt is one whose answers come back. */
export const randomHosts: fc.Arbitrary<StateText> = fc
  .record({
    pods: tieredState(ruleFeatures),
    programs: fc.array(tieredState(ruleFeatures), { minLength: 3, maxLength: 3 }),
    untracked: fc.option(fc.constantFrom('one' as const, 'two' as const, 'pods' as const), { nil: undefined }),
    forAll: fc.boolean(),
    podToHost: fc.constantFrom('accept' as const, 'return' as const, 'drop' as const, 'policy' as const),
    failsafes: fc.boolean(),
    owns: fc.array(ownEnd, { minLength: 7, maxLength: 7 }),
  })
  .map(({ pods, programs, untracked, forAll, podToHost, failsafes, owns }): StateText => {
    const [first, second, third] = programs.map(({ ingress, egress }) => ({
      in: atOwnEnds(ingress?.b ?? [], owns),
      out: atOwnEnds(egress?.a ?? [], owns),
    }));
    const host: HostText = {
      interfaces: forAll ? 'all' : ['eth0'],
      normal: { ingress: first?.in ?? [], egress: first?.out ?? [] },
      forward: { ingress: second?.in ?? [], egress: second?.out ?? [] },
      preDNAT: { ingress: goingOn(third?.in ?? []) },
      ...(untracked === undefined
        ? {}
        : { untracked: { ingress: goingOn([{ action: 'deny', peer: [`!${untracked}`, 'outside'], protocol: udp, ports: [81] }]) } }),
    };
    return {
      ...pods,
      hosts: { host },
      hostSettings: { podToHost, failsafes: failsafes ? [{ direction: 'ingress', protocol: tcp, port: 443 }] : [] },
    };
  });

/** The same program, some rules of which ask about the packet's own end. */
function atOwnEnds(program: ProgramText, owns: readonly (readonly string[] | undefined)[]): ProgramText {
  let place = 0;
  const at = (rule: RuleText): RuleText => {
    const local = owns[place++ % owns.length];
    return local === undefined ? rule : { ...rule, local };
  };
  return isTiers(program) ? { ...program, tiers: program.tiers.map((tier) => ({ ...tier, rules: tier.rules.map(at) })) } : program.map(at);
}

/** The same rules, with ends that leave the rest to the next family. */
function goingOn(program: ProgramText): ProgramText {
  const tiers = isTiers(program) ? program.tiers : [{ rules: program, end: 'pass' as const }];
  return { tiers: tiers.map(({ rules }) => ({ rules, end: 'pass' })), otherwise: 'allow' };
}

function isTiers(program: ProgramText): program is Exclude<ProgramText, readonly RuleText[]> {
  return 'tiers' in program;
}

/** What the plain reading is asked of an attempt: a port of the node may stand for a pod. */
export function packetOf(attempt: Attempt): HostPacket {
  const { from, to, family, message, port = 80, sourcePort = someSourcePort } = attempt;
  const protocol = protocolOfAttempt(attempt);
  const ends = { source: addressOf(from, family), destination: addressOf(to, family), protocol };
  const isMessage = attempt.protocol === 'icmp';
  const sent: Flow = isMessage
    ? { ...ends, message: message ?? (family === 4 ? 8 : 128) * 256 }
    : { ...ends, sourcePort, destinationPort: port };
  const isTranslated = to === 'node' && port === nodePort && from !== 'node';
  const behind = isTranslated ? 'a' : to;
  const flow = isTranslated ? { ...sent, destination: addressOf('a', family), destinationPort: 80 } : sent;
  const [into, out] = [interfaceOf(from), interfaceOf(behind)];
  return { sent, flow, ...(into === undefined ? {} : { from: into }), ...(out === undefined ? {} : { to: out }) };
}

function interfaceOf(host: HostName): HostInterface | undefined {
  if (host === 'node') return undefined;
  return host === 'ext' || host === 'other' ? { name: 'eth0', leadsToPods: false } : { name: `pod-${host}`, leadsToPods: true };
}
