/** A definition of our own with everything in it that a schema can say, and the waiting for it. */
import { expect, vi } from 'vitest';
import type { TestServer } from './test-server.ts';

/** Where definitions are. */
export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The schema of gates. */
const gateSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['mode'],
      properties: {
        mode: { type: 'string', enum: ['Open', 'Closed'] },
        replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
        host: { type: 'string', pattern: '^[a-z]+$', maxLength: 8 },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        extra: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        doors: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'side'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, side: { type: 'string', default: 'left' }, width: { type: 'integer', default: 90 } },
          },
        },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } } },
  },
};

/** The definition of `gates.test.example.com`; `spec` replaces parts of its spec. */
export function gateDefinition(spec: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gates.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Namespaced',
      names: { plural: 'gates', kind: 'Gate', shortNames: ['gt'], categories: ['all'] },
      versions: [gateVersion()],
      ...spec,
    },
  };
}

/** Its version `v1`; `parts` replaces parts of it. */
export function gateVersion(parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: gateSchema },
    subresources: {
      status: {},
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
    },
    selectableFields: [{ jsonPath: '.spec.mode' }],
    additionalPrinterColumns: [
      { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
      { name: 'Left', type: 'integer', jsonPath: '.spec.doors[?(@.side=="left")].width' },
    ],
    ...parts,
  };
}

/** Creates a definition and waits until its kind is served. */
export async function define(server: TestServer, definition: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, text } = await server.request('POST', definitionsPath, { body: definition });
  expect(status, text).toBe(201);
  await established(server, (definition['metadata'] as { name: string }).name);
}

/** Waits until a definition is established. */
export async function established(server: TestServer, name: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { json } = await server.request('GET', `${definitionsPath}/${name}`);
      expect(json.status.conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
    },
    { timeout: 20_000 },
  );
}
