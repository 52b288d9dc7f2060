/** What policies other than Kubernetes NetworkPolicies need: selectors on unknown labels, and denies. */
import type { Match, PolicyRef, Rule, Selector } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { addressSet, readingFor } from '../src/delta/set-spec.ts';
import type { LabelSet } from '../src/entries.ts';
import { compileMatcher } from '../src/peer-sets/matcher.ts';
import { PeerSets } from '../src/peer-sets/peer-sets.ts';
import { mergeBlocks } from '../src/policies/merge-blocks.ts';
import { LabelSets } from '../src/population/label-sets.ts';
import { NamedPortLists } from '../src/population/named-port-lists.ts';
import { NamespaceTable } from '../src/population/namespace-table.ts';
import { newWork } from '../src/work.ts';

function tables() {
  const labelSets = new LabelSets(new NamedPortLists(), true);
  const namespaces = new NamespaceTable(labelSets.labels);
  const labelSetIn = (namespace: string): LabelSet =>
    labelSets.of(
      {
        uid: 'u',
        namespace,
        name: 'p',
        addresses: [],
        labels: { pod: { app: 'x' }, namespace: {}, serviceAccount: {}, reserved: { namespace, name: 'p' } },
        namedPorts: [],
      },
      namespaces.of(namespace),
    );
  return { labelSets, namespaces, labelSetIn };
}

const team = { space: 'namespace', key: 'team' } as const;
const app = { space: 'pod', key: 'app' } as const;
const isX: Selector = { kind: 'in', label: app, values: ['x'] };
const isTeam: Selector = { kind: 'in', label: team, values: ['a'] };

describe('L4 selectors while the namespace is not known', () => {
  const cases: readonly (readonly [string, Selector, boolean | undefined])[] = [
    ['in', isTeam, undefined],
    ['not in', { kind: 'notIn', label: team, values: ['a'] }, undefined],
    ['exists', { kind: 'exists', label: team }, undefined],
    ['absent', { kind: 'absent', label: team }, undefined],
    ['not', { kind: 'not', of: isTeam }, undefined],
    ['and with a part that holds', { kind: 'and', of: [isX, isTeam] }, undefined],
    ['and with a part that fails', { kind: 'and', of: [isTeam, { kind: 'absent', label: app }] }, false],
    ['or with a part that holds', { kind: 'or', of: [isTeam, isX] }, true],
    ['or with a part that fails', { kind: 'or', of: [isTeam, { kind: 'none' }] }, undefined],
    ['own namespace', { kind: 'in', label: { space: 'reserved', key: 'namespace' }, values: ['ghost'] }, true],
    ['pod labels', isX, true],
  ];
  it.each(cases)('%s', (_name, selector, verdict) => {
    expect(compileMatcher(selector)(tables().labelSetIn('ghost'))).toBe(verdict);
  });
});

describe('L4 sets read pods of unknown namespaces so that less gets through', () => {
  it.each([
    ['allow', false, 'must'],
    ['allow', true, 'may'],
    ['pass', false, 'must'],
    ['deny', false, 'may'],
    ['deny', true, 'must'],
  ] as const)('%s, negated %s: %s', (action, negated, reading) => {
    expect(readingFor(action, negated)).toBe(reading);
  });

  it('a set of a deny has them as members, a set of an allow has not', () => {
    const { labelSets, namespaces, labelSetIn } = tables();
    const sets = new PeerSets(newWork());
    const [ghost, known] = [labelSetIn('ghost'), labelSetIn('known')];
    namespaces.know(namespaces.of('known'), { team: 'b' });
    const [must, may] = [sets.acquire(addressSet(isTeam, 'must')), sets.acquire(addressSet(isTeam, 'may'))];
    const setsOf = (labelSet: LabelSet): string[] => sets.membersOf(labelSet).map(({ membership }) => membership.set);
    expect(setsOf(ghost)).toEqual([may.spec.key]);
    expect(setsOf(known)).toEqual([]);
    expect([sets.memberOf(must, ghost), sets.memberOf(may, known)]).toEqual([undefined, undefined]);
    expect(sets.memberOf(may, ghost)?.membership).toEqual({ set: may.spec.key });
    const [change] = sets.takeChanged();
    expect([...(change === undefined ? [] : sets.labelSetsFor(change.used, labelSets, namespaces))]).toEqual([ghost]);
  });
});

describe('P5 long lists of blocks', () => {
  const policy = { api: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'x', name: 'p' } as unknown as PolicyRef;
  const block = (index: number, match: Partial<Match> = {}): Rule => {
    const address = { family: 4 as const, words: [index * 2] };
    return {
      action: 'allow',
      match: { source: { nets: [{ first: address, last: address }] }, destination: {}, ...match },
      origin: { policy, direction: 'ingress', ruleIndex: 0, peerIndex: index },
    };
  };
  const list = (count: number, from: number, match?: Partial<Match>): Rule[] =>
    Array.from({ length: count }, (_, i) => block(from + i, match));

  it('are merged with their like alone: what else a rule asks keeps it apart', () => {
    const isApp = { kind: 'exists', label: app } as const;
    const others: Partial<Match>[] = [
      { protocol: 6 },
      { destination: { ports: [{ first: 80, last: 80 }] } },
      { destination: { selector: isApp } },
    ];
    const lists = [{}, ...others].map((match, i) => list(40, i * 40, match));
    const merged = mergeBlocks(lists.flat());
    expect(merged.map(({ match }) => match.source.nets?.length)).toEqual([40, 40, 40, 40]);
    expect(
      merged.map(({ match: { protocol, destination } }) => ({ ...(protocol === undefined ? {} : { protocol }), destination })),
    ).toEqual([{}, ...others].map((match) => ({ destination: {}, ...match })));
  });

  it('stay a rule for each where there are few', () => {
    const rules = [...list(30, 0), ...list(30, 30, { protocol: 17 })];
    expect(mergeBlocks(rules)).toEqual(rules);
  });
});
