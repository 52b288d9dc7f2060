/** However definitions came, changed, clashed and went: what is served is what a new server makes of the store. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { definitionsPath } from '../support/custom-resources.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.dispose());

const group = 'order.example.com';
const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
const plurals = ['ants', 'bees', 'cats', 'dogs'];
const kinds = ['Ant', 'Bee', 'Cat'];

/** Numbers from a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

function specOf(random: Random, plural: string, kind: string): Record<string, unknown> {
  const versions = ['v1', 'v1beta1', 'v2'].map((name) => ({ name, served: random(3) > 0, storage: false, schema }));
  const stored = versions[random(3)];
  if (stored !== undefined) stored.storage = true;
  return { group, scope: 'Cluster', names: { plural, kind, shortNames: random(2) === 0 ? [] : [`s${random(3)}`] }, versions };
}

/** One step: a definition is made, changed or deleted, or an object of it is made. */
async function step(random: Random): Promise<void> {
  const plural = plurals[random(plurals.length)] ?? '';
  const kind = kinds[random(kinds.length)] ?? '';
  const path = `${definitionsPath}/${plural}.${group}`;
  const found = await server.request('GET', path);
  if (found.status === 404) {
    const body = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}` } };
    await server.request('POST', definitionsPath, { body: { ...body, spec: specOf(random, plural, kind) } });
  } else if (random(3) === 0) await server.request('DELETE', path);
  else if (random(2) === 0) {
    // A kind that is established keeps its name: then the change is refused.
    await server.request('PATCH', path, {
      body: { spec: specOf(random, plural, kind) },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  } else await server.request('POST', `/apis/${group}/v1/${plural}`, { body: { metadata: { name: `o${random(5)}` } } });
}

/** What the server says of the group: definitions with their status, and the resources of each version. */
async function picture(): Promise<unknown> {
  const definitions = await server.request('GET', definitionsPath);
  const versions = await Promise.all(['v1', 'v1beta1', 'v2'].map((version) => server.request('GET', `/apis/${group}/${version}`)));
  const resources = versions.map(({ json }) => (json as unknown as { resources?: { name: string }[] }).resources ?? []);
  const { json } = await server.request('GET', '/apis');
  return {
    definitions: definitions.json.items,
    resources: resources.map((list) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1))),
    group: (json as unknown as { groups: { name: string }[] }).groups.filter(({ name }) => name === group),
  };
}

/** Waits until every definition has got its names and none is going. */
async function settled(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { json } = await server.request('GET', definitionsPath);
      for (const { metadata, status } of json.items) {
        expect(metadata.deletionTimestamp, metadata.name).toBeUndefined();
        expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'NamesAccepted' }));
      }
    },
    { timeout: 20_000 },
  );
}

it.each([1, 2])(
  'after random steps from seed %i a restart changes nothing',
  async (seed) => {
    const random = randomOf(seed);
    for (let i = 0; i < 30; i++) await step(random);
    await settled();
    const before = await picture();
    await server.close();
    await server.open();
    expect(await picture()).toEqual(before);
  },
  120_000,
);
