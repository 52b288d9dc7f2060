/** Which fields a write records: the sets that Kubernetes' documentation and real clusters show for well-known objects. */
import { builtInResources, type JsonObject, ResourceRegistry } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import type { FieldRecord } from '../../src/patch/field-ownership.ts';
import { recordUpdate } from '../../src/patch/managed-fields.ts';

const registry = new ResourceRegistry(builtInResources);
const recordFor = (group: string, version: string, plural: string): FieldRecord => ({
  definition: defined(registry.find(group, version, plural), `${plural} are built in`),
  manager: 'm',
  time: '2026-01-01T00:00:00Z',
  subresource: '',
});

/** The fields that somebody owns who makes `object`, or who makes it of what another one made. */
function fieldsOf(record: FieldRecord, object: JsonObject, old?: JsonObject): unknown {
  const [next, before] = [structuredClone(object), structuredClone(old)];
  if (before !== undefined) recordUpdate(before, undefined, { ...record, manager: 'first' });
  recordUpdate(next, before, record);
  const { managedFields } = next['metadata'] as { managedFields: { manager: string; fieldsV1: unknown }[] };
  return managedFields.find(({ manager }) => manager === 'm')?.fieldsV1;
}

const maps = recordFor('', 'v1', 'configmaps');
const deployments = recordFor('apps', 'v1', 'deployments');
const deployment: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', labels: { app: 'a' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'a' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: {} }],
        nodeSelector: { disk: 'fast' },
        securityContext: {},
      },
    },
  },
};

describe('a write owns', () => {
  it('what it sets first with the maps, lists and objects that come with it, and not what is always there', () => {
    expect(fieldsOf(deployments, deployment)).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                },
                'f:resources': {},
              },
            },
            'f:nodeSelector': {},
            'f:securityContext': {},
          },
        },
      },
    });
  });

  it('a member that it adds, and not the map that was there', () => {
    const old = { metadata: { name: 'm' }, data: { a: '1' } };
    expect(fieldsOf(maps, { metadata: { name: 'm' }, data: { a: '1', b: '2' } }, old)).toEqual({ 'f:data': { 'f:b': {} } });
    expect(fieldsOf(maps, { metadata: { name: 'm' }, data: { a: '1' } }, { metadata: { name: 'm' }, immutable: false })).toEqual({
      'f:data': { '.': {}, 'f:a': {} },
    });
  });

  it('a selector as a whole when it changes a part of it', () => {
    const spec = { ...(deployment['spec'] as JsonObject), selector: { matchLabels: { app: 'a', tier: 'b' } } };
    expect(fieldsOf(deployments, { ...deployment, spec }, deployment)).toEqual({ 'f:spec': { 'f:selector': {} } });
  });
});
