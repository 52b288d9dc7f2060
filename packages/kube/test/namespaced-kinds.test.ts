import { expect, it } from 'vitest';
import { builtInResources, isNamespacedKind } from '../src/index.ts';

it('the kinds that live in namespaces are those of which the API server says so', () => {
  const wrong = builtInResources.filter(({ group, kind, namespaced }) => isNamespacedKind(group, kind) !== namespaced);
  expect(wrong.map(({ group, kind }) => `${group} ${kind}`)).toEqual([]);
  expect(builtInResources.filter(({ namespaced }) => namespaced).length).toBeGreaterThan(20);
});

it('kinds of others live in namespaces only if others say so', () => {
  expect(
    [
      ['', 'Namespace'],
      ['apps.example', 'Deployment'],
      ['constructor', 'Pod'],
    ].map(([group = '', kind = '']) => isNamespacedKind(group, kind)),
  ).toEqual([false, false, false]);
  expect(isNamespacedKind('autoscaling', 'HorizontalPodAutoscaler')).toBe(true);
});
