import { describe, expect, it } from 'vitest';
import { checkNamespaceShape, checkPodShape, formatFieldError, identityProblem } from '../src/index.ts';

describe('the shape of objects from outside', () => {
  it('a pod as an API server stores it is readable, whatever else it has', () => {
    const pod = {
      metadata: { name: 'a', namespace: 'b', uid: 'u', labels: { app: 'x' }, creationTimestamp: '2026-01-01T00:00:00Z', managedFields: 7 },
      spec: { nodeName: 'n', hostNetwork: false, containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 80 }] }] },
      status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
    };
    expect(checkPodShape(pod)).toEqual([]);
    expect(checkPodShape({ metadata: { name: 'a' } })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a number for a list', { spec: { containers: 7 } }, 'spec.containers: Invalid value: 7: must be a list'],
    ['null for a map', { metadata: { labels: null } }, 'metadata.labels: Invalid value: null: must be a map of strings'],
    ['a label that is no text', { metadata: { labels: { a: 1 } } }, 'metadata.labels[a]: Invalid value: 1: must be a string'],
    ['a container that is null', { spec: { initContainers: [null] } }, 'spec.initContainers[0]: Invalid value: null: must be an object'],
    [
      'a port out of range',
      { spec: { containers: [{ ports: [{ containerPort: 65_536 }] }] } },
      'spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be an integer from 1 to 65535',
    ],
    [
      'a port without number',
      { spec: { containers: [{ ports: [{ name: 'x' }] }] } },
      'spec.containers[0].ports[0].containerPort: Required value',
    ],
    [
      'three addresses',
      { status: { podIPs: [{ ip: 'a' }, { ip: 'b' }, { ip: 'c' }] } },
      'status.podIPs: Too many: must have at most 2 items',
    ],
    ['a text for a truth', { spec: { hostNetwork: 'true' } }, 'spec.hostNetwork: Invalid value: "true": must be true or false'],
    ['a list for the pod', [], ': Invalid value: []: must be an object'],
  ])('a pod with %s is not', (_name, pod, problem) => {
    expect(checkPodShape(pod).map(formatFieldError)).toEqual([problem]);
  });

  it('a namespace is read for its labels', () => {
    expect(checkNamespaceShape({ metadata: { name: 'a', labels: { team: 'x' } }, spec: 7 })).toEqual([]);
    expect(checkNamespaceShape({ metadata: { name: 'a', labels: ['x'] } }).map(({ field }) => field)).toEqual(['metadata.labels']);
  });

  it('an object is told by its name, namespace, uid and version', () => {
    expect(identityProblem({ metadata: { name: 'a', namespace: 'b', uid: 'u', resourceVersion: '7' } })).toBeUndefined();
    expect(identityProblem(7)).toBe('it has no metadata');
    expect(identityProblem({ metadata: { name: '' } })).toBe('it has no name');
    for (const field of ['namespace', 'uid', 'resourceVersion']) {
      expect(identityProblem({ metadata: { name: 'a', [field]: 7 } })).toBe(`its ${field} is no text`);
    }
  });
});
