/** Suggested policies allow what was seen, and each part of them is needed for something that was seen. */
import { type ObservedFlow, type Suggestion, suggestionJson, suggestPolicies } from '@weir/flows';
import { formatCommentedManifest, type KubeObject, type NetworkPolicy, parseManifest } from '@weir/kube';
import { type EngineProfile, engineProfiles, type FlowQuestion, judgeQuestion, type PolicyApi } from '@weir/model';
import { formatAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { questionOfConnection } from '../../src/suggest/observed-connections.ts';
import { observedWorld } from './observed-world.ts';

interface Wish {
  readonly api?: PolicyApi;
  readonly defaultDeny?: boolean;
}

function profileOf(api: PolicyApi): EngineProfile {
  return api === 'Calico' ? engineProfiles.calico : api === 'Cilium' ? engineProfiles.cilium : engineProfiles.kubernetes;
}

function suggest(
  objects: readonly KubeObject[],
  flows: readonly ObservedFlow[],
  { api = 'NetworkPolicy', defaultDeny = false }: Wish = {},
): Suggestion {
  return suggestPolicies({
    objects,
    flows,
    reading: { profile: profileOf(api) },
    api,
    directions: ['ingress', 'egress'],
    mergePrefixes: {},
    namespaces: [],
    defaultDeny,
  });
}

/** The allowed connections as questions. */
function questions({ observed }: Suggestion): FlowQuestion[] {
  return observed.connections.flatMap((connection) => (connection.isAllowed ? (questionOfConnection(connection) ?? []) : []));
}

/** Every policy with one peer or one port less, but for the ports of DNS, which belong together. */
function weakened(policy: NetworkPolicy): NetworkPolicy[] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    (policy.spec?.[direction] ?? []).flatMap((rule, at) => {
      const peers = ('from' in rule ? rule.from : 'to' in rule ? rule.to : []) ?? [];
      const ports = rule.ports ?? [];
      const withRule = (changed: object): NetworkPolicy => ({
        ...policy,
        spec: { ...policy.spec, [direction]: (policy.spec?.[direction] ?? []).map((one, i) => (i === at ? { ...one, ...changed } : one)) },
      });
      const without = { ...policy, spec: { ...policy.spec, [direction]: (policy.spec?.[direction] ?? []).filter((_, i) => i !== at) } };
      const isDns = ports.length === 2 && ports.every(({ port }) => port === 53);
      const fewerPeers =
        peers.length < 2
          ? [without]
          : peers.map((peer) => withRule({ [direction === 'ingress' ? 'from' : 'to']: peers.filter((one) => one !== peer) }));
      return [
        ...fewerPeers,
        ...(ports.length < 2 || isDns ? [] : ports.map((port) => withRule({ ports: ports.filter((one) => one !== port) }))),
      ];
    }),
  );
}

type Rules = readonly Readonly<Record<string, unknown>>[];
type RuledObject = KubeObject & { readonly spec: Readonly<Record<string, unknown>> };

/** Every object with one rule less, or one member less of a list of peers; rules that deny are left alone. */
function withoutPart(object: RuledObject): RuledObject[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const rules = (object.spec[direction] ?? []) as Rules;
    const withRules = (changed: Rules): RuledObject => ({ ...object, spec: { ...object.spec, [direction]: changed } });
    return rules.flatMap((rule, at) => {
      if (rule['action'] === 'Deny' || Object.keys(rule).length === 0) return [];
      const others = rules.filter((_, i) => i !== at);
      // A section of Cilium's without a rule says nothing.
      const without = withRules(others.length === 0 && object.apiVersion === 'cilium.io/v2' ? [{}] : others);
      const fewer = Object.entries(rule).flatMap(([field, list]) =>
        /^(from|to)(?!Ports)/.test(field) && Array.isArray(list) && list.length > 1
          ? list.map((member) =>
              withRules(rules.map((one, i) => (i === at ? { ...one, [field]: list.filter((each) => each !== member) } : one))),
            )
          : [],
      );
      return isOfDns(rule) && object.apiVersion?.startsWith('projectcalico') === true ? fewer : [without, ...fewer];
    });
  });
}

/** Calico says the ports of DNS over TCP in a rule of their own. */
function isOfDns(rule: Readonly<Record<string, unknown>>): boolean {
  const { ports } = (rule['destination'] ?? {}) as { readonly ports?: readonly number[] };
  return ports?.length === 1 && ports[0] === 53;
}

const seeds = Array.from({ length: 14 }, (_, i) => 7_700 + i);

describe('policies suggested from flows', () => {
  it.each(seeds)('allow every connection that was let through, and none of their peers and ports is for nothing, seed %i', (seed) => {
    const { objects, flows } = observedWorld(seed);
    const suggestion = suggest(objects, flows);
    expect(suggestion.notAllowed).toEqual([]);
    const asked = questions(suggestion);
    const own = suggestion.objects.map(({ object }) => object as NetworkPolicy);
    const worldOf = (policies: readonly KubeObject[]): ReturnType<typeof loadSnapshot>['world'] =>
      loadSnapshot([...objects, ...policies]).world;
    const judged = (policies: readonly KubeObject[]): number => {
      const world = worldOf(policies);
      return asked.filter((question) => judgeQuestion(world, question) === 'allow').length;
    };
    expect(judged(own)).toBe(asked.length);
    for (const [at, policy] of own.entries()) {
      for (const less of weakened(policy))
        expect(judged(own.map((one, i) => (i === at ? less : one))), JSON.stringify(less.spec)).toBeLessThan(asked.length);
    }
  });

  it.each(seeds.slice(0, 8))('allow no other connection of the workloads that were seen, seed %i', (seed) => {
    const { objects, flows } = observedWorld(seed);
    const suggestion = suggest(objects, flows);
    const { world } = loadSnapshot([...objects, ...suggestion.objects.map(({ object }) => object)]);
    const partOf = new Map(suggestion.policies.flatMap(({ group }) => group.pods.map(({ uid }) => [uid, group.name] as const)));
    const keyOf = ({ source, destination, protocol, destinationPort }: FlowQuestion): string =>
      [source, destination]
        .map((end) =>
          end.kind === 'endpoint'
            ? `${end.endpoint.namespace}/${partOf.get(end.endpoint.uid) ?? ''}`
            : end.address === undefined
              ? ''
              : formatAddress(end.address),
        )
        .concat(`${protocol} ${destinationPort ?? ''}`)
        .join(' ');
    const seen = new Set(questions(suggestion).map(keyOf));
    const ends = world.endpoints.filter(({ uid }) => partOf.has(uid));
    const wrong: string[] = [];
    for (const source of ends) {
      for (const destination of ends) {
        if (source === destination) continue;
        for (const destinationPort of [80, 443, 5432, 40_000]) {
          for (const protocol of [6, 17]) {
            const question: FlowQuestion = {
              source: { kind: 'endpoint', endpoint: source },
              destination: { kind: 'endpoint', endpoint: destination },
              protocol,
              destinationPort,
            };
            const isAllowed = judgeQuestion(world, question) === 'allow';
            if (isAllowed !== seen.has(keyOf(question))) wrong.push(`${keyOf(question)}: ${isAllowed}`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(seeds.slice(0, 8))('allow in the words of every API what was seen, and none of their rules is for nothing, seed %i', (seed) => {
    const { objects, flows } = observedWorld(seed);
    for (const api of ['Calico', 'Cilium', 'ClusterNetworkPolicy'] as const) {
      const suggestion = suggest(objects, flows, { api });
      const { notWritten, notAllowed, withoutWords } = suggestionJson(suggestion);
      expect([notWritten, notAllowed, withoutWords, suggestion.diagnostics], api).toEqual([[], [], [], []]);
      // A cluster without policies is open: something is taken away whatever the API.
      expect(suggestion.wouldDeny.pairs, api).toBeGreaterThan(0);
      const asked = questions(suggestion);
      const own = suggestion.objects.map(({ object }) => object as RuledObject);
      const judged = (policies: readonly KubeObject[]): number => {
        const { world } = loadSnapshot([...objects, ...policies], { profile: profileOf(api) });
        return asked.filter((question) => judgeQuestion(world, question) === 'allow').length;
      };
      expect(judged(own)).toBe(asked.length);
      for (const [at, policy] of own.entries()) {
        for (const less of withoutPart(policy))
          expect(judged(own.map((one, i) => (i === at ? less : one))), JSON.stringify(less.spec)).toBeLessThan(asked.length);
      }
    }
  });

  it('are read back from their text, comments and all, and replace those of an earlier suggestion', () => {
    const { objects, flows } = observedWorld(7_700);
    const first = suggest(objects, flows, { defaultDeny: true });
    const text = formatCommentedManifest(first.objects);
    const { documents, diagnostics } = parseManifest(text, 's.yaml');
    expect(diagnostics).toEqual([]);
    expect(documents.map(({ object }) => object)).toEqual(first.objects.map(({ object }) => object));
    expect(text).toMatch(/^ +# .*: \d+ connections?, the last at 2026-01-31T12:00:\d\d\.000Z$/m);
    const again = suggest([...objects, ...documents.map(({ object }) => object)], flows, { defaultDeny: true });
    expect(again.objects.map(({ object }) => object)).toEqual(first.objects.map(({ object }) => object));
    expect(again.notAllowed).toEqual([]);
  });
});
