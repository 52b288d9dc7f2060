/** Random policies of every API: the linter answers, its places are in the file, and its safe fixes change no verdict. */
import { formatManifest, type KubeObject, readManifests } from '@weir/kube';
import { type EngineName, engineProfiles, judgeQuestion, questionOf } from '@weir/model';
import { type Flow, parseAddress, protocolNumber } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import {
  flowsOf,
  generateWorld,
  Random,
  type World,
  withAdministratorPolicies,
  withCalicoPolicies,
  withCiliumPolicies,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { applyFixes, lint } from '../src/index.ts';

const file = 'policies.yaml';
const seeds = [61, 62, 63];

interface ApiWorld {
  readonly world: World;
  readonly policies: readonly KubeObject[];
  readonly others: readonly KubeObject[];
}

const apis: Readonly<
  Record<string, { readonly profile: EngineName; readonly rules: readonly string[]; readonly make: (seed: number) => ApiWorld }>
> = {
  Calico: {
    profile: 'calico',
    rules: ['duplicate-entry', 'covered-entry', 'empty-peer-list'],
    make: (seed) => {
      const world = withCalicoPolicies(generateWorld(seed), seed);
      return { world, policies: world.policyObjects, others: [...world.tiers, ...world.networkSets, ...world.serviceAccounts] };
    },
  },
  Cilium: {
    profile: 'cilium',
    rules: ['duplicate-entry', 'covered-entry'],
    make: (seed) => {
      const world = withCiliumPolicies(generateWorld(seed), seed);
      return { world, policies: world.ciliumPolicies, others: [...world.cidrGroups, ...world.services, ...world.endpointSlices] };
    },
  },
  administrators: {
    profile: 'kubernetes',
    rules: ['duplicate-entry', 'covered-entry'],
    make: (seed) => {
      const world = withAdministratorPolicies(new Random(seed), generateWorld(seed));
      return { world, policies: world.policyObjects, others: [] };
    },
  },
};

function surroundings({ world, others }: ApiWorld): readonly KubeObject[] {
  const named = (list: readonly KubeObject[], kind: string): KubeObject[] => list.map((one) => ({ ...one, apiVersion: 'v1', kind }));
  return [...named(world.namespaces, 'Namespace'), ...named(world.pods, 'Pod'), ...named(world.nodes ?? [], 'Node'), ...others];
}

/** What else is in a list: a part of what is there, or nothing at all. */
const additions: Readonly<Record<string, (first: never) => readonly unknown[]>> = {
  nets: (first: string) => [`${first.split('/')[0]}/${first.includes(':') ? 128 : 32}`],
  networks: (first: string) => [`${first.split('/')[0]}/${first.includes(':') ? 128 : 32}`],
  fromEntities: () => ['cluster', 'host'],
  toEndpoints: (first: { readonly matchLabels?: object }) => [{ ...first, matchLabels: { ...first.matchLabels, also: 'this' } }],
  fromCIDRSet: () => [{ cidr: '192.0.2.0/24', except: ['192.0.2.0/24'] }, { cidr: '198.51.100.0/24' }],
  toCIDRSet: () => [{ cidr: '192.0.2.0/24', except: ['192.0.2.0/24'] }, { cidr: '198.51.100.0/24' }],
  ports: (first: string | number | { readonly port?: string }) =>
    typeof first === 'object' ? (typeof first.port === 'string' ? [{ port: first.port }] : []) : ['1:65535'],
};

function withAdditions(members: readonly unknown[], key: string): readonly unknown[] {
  const more = additions[key];
  return more === undefined || members.length === 0 || members.length % 2 === 0 ? members : [...members, ...more(members[0] as never)];
}

/** One end of a rule of Calico, every other one with an empty list that asks nothing. */
function withEmptyList(fields: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const isAsked = (key === 'source' || key === 'destination') && !('nets' in fields) && !('services' in fields) && 'selector' in fields;
  return isAsked ? { ...fields, nets: [] } : fields;
}

/** Rules and their peers twice, every other one, and lists with more in them that says nothing. */
function repeated(policies: readonly KubeObject[]): readonly KubeObject[] {
  const again = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) {
      const members = value.map((member) => again(member, ''));
      return /^(in|e)gress(Deny)?$|^from|^to[A-Z]|^to$/.test(key)
        ? withAdditions(members, key).flatMap((member, i) => (i % 2 === 0 ? [member, member] : [member]))
        : withAdditions(members, key);
    }
    if (typeof value !== 'object' || value === null) return value;
    return withEmptyList(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, again(member, name)])), key);
  };
  return policies.map((policy) => again(policy, '') as KubeObject);
}

function outcomes(snapshot: Snapshot, world: World): readonly string[] {
  const addressOf = (end: ReturnType<typeof flowsOf>[number]['source']): string =>
    end.kind === 'address'
      ? end.address
      : (world.pods.find(({ metadata }) => metadata.name === end.name && metadata.namespace === end.namespace)?.status?.podIP ?? '');
  return flowsOf(world).flatMap(({ source, destination, protocol, port }, i) => {
    const [from, to] = [parseAddress(addressOf(source)), parseAddress(addressOf(destination))];
    if (i % 7 !== 0 || from === undefined || to === undefined || from.family !== to.family || protocol === 'ICMP') return [];
    const flow: Flow = {
      source: from,
      destination: to,
      protocol: protocolNumber[protocol],
      ...(port === undefined ? {} : { destinationPort: port }),
    };
    return [judgeQuestion(snapshot.world, questionOf(snapshot.world, flow))];
  });
}

describe.each(Object.entries(apis))('policies of %s', (_api, { profile: name, rules, make }) => {
  it.each(seeds)('are linted and corrected without a verdict that changes in world %i', (seed) => {
    const made = make(seed);
    const around = surroundings(made);
    const profile = engineProfiles[name];
    const lines = (text: string): number => text.split('\n').length;
    let text = formatManifest(repeated(made.policies));
    const read = (): readonly KubeObject[] => [...around, ...readManifests([{ file, text }]).documents.map(({ object }) => object)];
    const before = outcomes(loadSnapshot(read(), { profile }), made.world);
    expect(before.length).toBeGreaterThan(50);
    const corrected = new Set<string>();
    for (let round = 0; ; round++) {
      expect(round).toBeLessThan(40);
      const { documents, diagnostics } = readManifests([{ file, text }]);
      const input = { objects: [...around, ...documents], diagnostics, texts: new Map([[file, text]]), isComplete: true };
      const { findings } = lint(input, {
        profile,
        onlyRules: [
          'duplicate-entry',
          'covered-entry',
          'empty-block',
          'empty-peer-list',
          'empty-cilium-list',
          'block-host-bits',
          'open-ingress',
          'dangling-selector',
          'unserved-port',
          'peer-and-or',
        ],
      });
      const outside = findings.filter(({ place }) => place !== undefined && (place.line < 1 || place.endLine > lines(text)));
      expect(outside).toEqual([]);
      const { texts, fixed } = applyFixes(new Map([[file, text]]), findings);
      for (const { rule } of fixed) corrected.add(rule);
      const next = texts.get(file);
      if (next === undefined) break;
      text = next;
    }
    expect([...corrected]).toEqual(expect.arrayContaining([...rules]));
    expect(outcomes(loadSnapshot(read(), { profile }), made.world)).toEqual(before);
  });
});
