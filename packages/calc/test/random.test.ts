/** Random sequences of states and of events, against the twin. A failing seed is printed by fast-check. */
import type {
  LabelSelector,
  LabelSelectorRequirement,
  Namespace,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  Pod,
} from '@weir/kube';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attachment } from '../src/index.ts';
import { Follower, stateSize, type World } from './follower.ts';
import { attachmentOf, invalidPolicyOf, namespaceOf, podOf, policyOf } from './objects.ts';

const namespaceNames = ['a', 'b', 'c'] as const;
const keys = ['app', 'tier'] as const;
const values = ['x', 'y', 'z'] as const;

const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 2 });

const oneLabel = fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values)).map(([key, value]) => ({ [key]: value }));

const expressions = fc
  .array(
    fc.record({
      key: fc.constantFrom(...keys, 'team'),
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist' as const),
      wanted: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((list) =>
    list.map(({ key, operator, wanted }) => (operator.endsWith('In') ? { key, operator, values: wanted } : { key, operator })),
  );

const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: oneLabel.map((matchLabels) => ({ matchLabels })) },
  { weight: 1, arbitrary: labels.map((matchLabels) => ({ matchLabels })) },
  { weight: 2, arbitrary: expressions.map((matchExpressions) => ({ matchExpressions: matchExpressions as LabelSelectorRequirement[] })) },
);

const peer: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  selector.map((namespaceSelector) => ({ namespaceSelector })),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.constantFrom(
    { ipBlock: { cidr: '10.0.0.0/29', except: ['10.0.0.2/32'] } },
    { ipBlock: { cidr: 'fd00::/64' } },
    {
      ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.0/25'] },
    },
  ),
);

const port: fc.Arbitrary<NetworkPolicyPort> = fc.constantFrom(
  { port: 80 },
  { port: 'http' },
  { port: 'dns', protocol: 'UDP' },
  { protocol: 'SCTP' },
  { port: 1000, endPort: 2000 },
  { port: 'http', protocol: 'UDP' },
);

const rules = fc.array(fc.record({ peers: fc.array(peer, { maxLength: 4, size: 'max' }), ports: fc.array(port, { maxLength: 3 }) }), {
  minLength: 1,
  maxLength: 2,
});

const networkPolicy: fc.Arbitrary<NetworkPolicy> = fc
  .record({
    place: fc.constantFrom(...namespaceNames.flatMap((name) => [`${name}/p`, `${name}/q`])),
    podSelector: selector,
    ingress: fc.option(rules, { nil: undefined, freq: 3 }),
    egress: fc.option(rules, { nil: undefined, freq: 3 }),
    isValid: fc.integer({ min: 0, max: 9 }),
    uid: fc.constantFrom('1', '2'),
  })
  .map(({ place, podSelector, ingress, egress, isValid, uid }) => {
    const spec = {
      podSelector,
      ...(ingress === undefined ? {} : { ingress: ingress.map(({ peers, ports }) => ({ from: peers, ports })) }),
      ...(egress === undefined ? {} : { egress: egress.map(({ peers, ports }) => ({ to: peers, ports })) }),
    };
    return isValid === 0 ? invalidPolicyOf(place, spec, `${place}-${uid}`) : policyOf(place, spec, `${place}-${uid}`);
  });

const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', 'fd00::1', 'fd00::2');

const anyPod: fc.Arbitrary<Pod> = fc
  .record({
    place: fc.constantFrom(...namespaceNames.flatMap((name) => [`${name}/1`, `${name}/2`, `${name}/3`])),
    labels,
    ip: fc.uniqueArray(address, { minLength: 1, maxLength: 2 }),
    node: fc.constantFrom('n1', 'n2'),
    uid: fc.constantFrom('1', '2'),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'),
    isDeleted: fc.boolean(),
    ports: fc.uniqueArray(
      fc.constantFrom(
        { name: 'http', port: 80 },
        { name: 'http', port: 8080 },
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'http', port: 81, protocol: 'UDP' },
      ),
      { maxLength: 2 },
    ),
    phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Failed' as const),
  })
  .map(({ place, uid, isDeleted, ...words }) =>
    podOf(place, { ...words, uid: `${place}-${uid}`, ...(isDeleted ? { deleted: '2026-01-01T00:00:02Z' } : {}) }),
  );

const anyNamespace: fc.Arbitrary<Namespace> = fc
  .tuple(fc.constantFrom(...namespaceNames), fc.option(fc.constantFrom(...values), { nil: undefined }))
  .map(([name, team]) => namespaceOf(name, team === undefined ? {} : { team }));

const anyAttachment: fc.Arbitrary<Attachment> = fc
  .tuple(fc.constantFrom('a/1', 'b/2', 'c/9'), fc.constantFrom('1', '2'), fc.uniqueArray(address, { minLength: 1, maxLength: 2 }))
  .map(([place, uid, addresses]) => attachmentOf(place, addresses, `${place}-${uid}`));

const placeOf = ({ metadata }: { metadata: { namespace?: string; name?: string } }): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

const world: fc.Arbitrary<World> = fc.record({
  namespaces: fc.uniqueArray(anyNamespace, { selector: placeOf, minLength: 2, maxLength: 3, size: 'max' }),
  pods: fc.uniqueArray(anyPod, { selector: placeOf, minLength: 3, maxLength: 8, size: 'max' }),
  policies: fc.uniqueArray(networkPolicy, { selector: placeOf, minLength: 1, maxLength: 5, size: 'max' }),
  attachments: fc.uniqueArray(anyAttachment, { selector: ({ uid }) => uid, maxLength: 2 }),
});

const seed = 20_261_123;

describe('S1 S2 S5 S6 random worlds', () => {
  it('lead to the state that the twin computes, whatever the way, and leave nothing behind', () => {
    let members = 0;
    let programs = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(world, fc.boolean(), fc.constantFrom(true, true, false)), { minLength: 2, maxLength: 6, size: 'max' }),
        (steps) => {
          const follower = new Follower();
          for (const [next, isReversed, isFlushed] of steps) {
            follower.tell(next, isReversed ? (events) => events.reverse() : undefined);
            if (!isFlushed) continue;
            follower.flush();
            follower.verify();
            members += follower.state.addresses.size;
            programs += follower.state.programs.size;
          }
          follower.expectNothingLeft();
        },
      ),
      { seed, numRuns: 200 },
    );
    expect(Math.min(members, programs)).toBeGreaterThan(500);
  });

  it('reach the same state in one step as in many', () => {
    fc.assert(
      fc.property(world, fc.array(world, { maxLength: 3 }), (last, earlier) => {
        const [direct, round] = [new Follower({ inSync: false }), new Follower()];
        for (const state of earlier) round.go(state);
        direct.tell(last);
        expect(stateSize(direct.state)).toBe(0);
        direct.sync();
        direct.flush();
        // Accepted versions are an input: give the direct engine those of the other.
        round.go(last);
        direct.engine.restoreAccepted([...round.accepted.values()]);
        direct.flush();
        expect(new Set(direct.state.programs.keys())).toEqual(new Set(round.state.programs.keys()));
        expect(direct.state.addresses).toEqual(round.state.addresses);
        expect(direct.state.endpoints).toEqual(round.state.endpoints);
      }),
      { seed, numRuns: 80 },
    );
  });

  it('hold also when many rule ids collide', () => {
    fc.assert(
      fc.property(fc.array(world, { minLength: 1, maxLength: 4 }), (states) => {
        const follower = new Follower({ ruleHash: (text) => String(text.length % 3) });
        for (const state of states) follower.go(state);
        follower.expectNothingLeft();
      }),
      { seed, numRuns: 60 },
    );
  });
});
