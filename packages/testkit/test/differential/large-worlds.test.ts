import { Engine } from '@weir/calc';
import type { LabelSelectorRequirement, NetworkPolicy } from '@weir/kube';
import {
  DeltaModel,
  emptyWorld,
  eventsBetween,
  expectNoDifference,
  findNodeDifference,
  flowsOf,
  generateWorld,
  type NodeModel,
  type World,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

function nodeModels(world: World): NodeModel[] {
  return (world.nodes ?? []).map(({ metadata: { name: node = '' } }) => {
    const engine = new Engine({ node });
    for (const source of engine.sources) engine.setInSync(source);
    for (const event of eventsBetween(emptyWorld(world), world)) event(engine);
    const model = new DeltaModel();
    model.apply(engine.flush());
    return { node, model };
  });
}

function expectAgreement(name: string, world: World, every: number): void {
  expectNoDifference(name, world, { flows: flowsOf(world).filter((_, i) => i % every === 0) });
  expect(findNodeDifference(world, nodeModels(world), { every, offset: 1 })).toBeUndefined();
}

describe('engine and oracle agree on', () => {
  it('a pod with 1 000 policies', { timeout: 120_000 }, () => {
    const base = generateWorld(11, { policyCountMin: 1000 });
    const namespace = base.pods[2]?.metadata.namespace ?? '';
    // All of them on the pods of one namespace; what would allow everything is left out.
    const narrow = base.networkPolicies.filter(({ spec }) =>
      [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].every((rule) => (rule.ports ?? []).length > 0),
    );
    const everyPod = (policy: NetworkPolicy, i: number): NetworkPolicy => ({
      ...policy,
      metadata: { ...policy.metadata, namespace, name: `many-${i}` },
      spec: { ...policy.spec, podSelector: {} },
    });
    const networkPolicies = Array.from({ length: Math.ceil(1000 / narrow.length) }, () => narrow)
      .flat()
      .slice(0, 1000)
      .map(everyPod);
    expect(networkPolicies.length).toBe(1000);
    expectAgreement('1 000 policies', { ...base, networkPolicies }, 29);
  });

  it('selectors with 20 expressions', { timeout: 120_000 }, () => {
    const padding = Array.from({ length: 18 }, (_, i): LabelSelectorRequirement => {
      const key = `example.com/key-${i}`;
      return i % 2 === 0 ? { key, operator: 'DoesNotExist' } : { key, operator: 'NotIn', values: ['a', 'b'] };
    });
    const pad = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(pad);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, member]: [string, unknown]) => [
          key,
          key === 'matchExpressions' && Array.isArray(member) ? [...(member as unknown[]), ...padding] : pad(member),
        ]),
      );
    };
    for (let seed = 0; seed < 10; seed++) {
      const world = generateWorld(seed);
      expectAgreement(`seed ${seed}`, { ...world, networkPolicies: pad(world.networkPolicies) as NetworkPolicy[] }, 7);
    }
  });

  it('the longest names, alike but for their last character', { timeout: 120_000 }, () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = generateWorld(seed);
      const long = (text: string, length: number): string => `${'n'.repeat(length - text.length)}${text}`;
      const names = new Map(world.namespaces.map(({ metadata: { name = '' } }) => [name, long(name, 63)]));
      const renamed = JSON.parse(JSON.stringify(world), (key, value: unknown) => {
        if (key === 'namespace' || key === 'kubernetes.io/metadata.name') return names.get(String(value)) ?? value;
        if (key === 'name' && names.has(String(value))) return names.get(String(value));
        if (key === 'name' && /^(pod|policy)-\d+$/.test(String(value))) return long(String(value), 253);
        return value;
      }) as World;
      expectAgreement(`seed ${seed}`, renamed, 7);
    }
  });
});
