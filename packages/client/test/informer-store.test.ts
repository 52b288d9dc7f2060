/** The copy of an informer: what it takes over, what it shares, and what it keeps of objects that are gone. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { KubeObject, Pod } from '@weir/kube';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InformerStore } from '../src/informer-store.ts';
import { sharing } from '../src/structural-sharing.ts';

function podAt(name: string, version: number, labels: Readonly<Record<string, string>> = {}, uid = name): Pod {
  const object = {
    metadata: { namespace: 'default', name, uid, resourceVersion: String(version), labels },
    spec: { containers: [{ name: 'main', ports: [{ containerPort: 80 }] }] },
    status: { podIPs: [{ ip: '10.0.0.1' }] },
  };
  // Nothing in common with another object, as in what a decoder makes.
  return JSON.parse(JSON.stringify(object)) as Pod;
}

describe('the next version of an object', () => {
  it('has the parts of the version before that did not change', () => {
    const store = new InformerStore<Pod>();
    const first = podAt('web', 1, { app: 'web' });
    store.replace([first], '1');
    const relabelled = podAt('web', 2, { app: 'db' });
    const [change] = store.apply({ type: 'MODIFIED', object: relabelled });
    expect(change?.object).toEqual(podAt('web', 2, { app: 'db' }));
    expect(change?.object.spec).toBe(first.spec);
    expect(change?.object.status).toBe(first.status);
    expect(first).toEqual(podAt('web', 1, { app: 'web' }));
    const [listed] = store.replace([podAt('web', 3, { app: 'db' })], '3');
    expect(listed?.object.metadata.labels).toBe(change?.object.metadata.labels);
  });

  it('says what it said, whatever the version before was, which stays as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (before, next) => {
        const [beforeText, nextText] = [JSON.stringify(before), JSON.stringify(next)];
        expect(JSON.stringify(sharing(before, JSON.parse(nextText)))).toBe(nextText);
        expect(JSON.stringify(before)).toBe(beforeText);
        expect(sharing(before, JSON.parse(beforeText))).toBe(before);
      }),
    );
  });
});

describe('an informer store', () => {
  it('tells objects of one name apart by namespace, and counts each once', () => {
    const store = new InformerStore<KubeObject>();
    const object = (namespace: string | undefined, version: string): KubeObject => ({
      metadata: { name: 'x', uid: `${namespace}`, resourceVersion: version, ...(namespace === undefined ? {} : { namespace }) },
    });
    store.replace([object('a', '1'), object('b', '2'), object(undefined, '3')], '3');
    expect([store.size, store.list().length]).toEqual([3, 3]);
    expect(store.apply({ type: 'DELETED', object: object('a', '4') })).toHaveLength(1);
    expect([store.size, store.get('a', 'x'), store.get('b', 'x')?.metadata.uid, store.get(undefined, 'x')?.metadata.uid]).toEqual([
      2,
      undefined,
      'b',
      'undefined',
    ]);
  });

  it('does not bring back an object by an event that is older than its deletion', () => {
    const store = new InformerStore<Pod>();
    store.replace([podAt('web', 1)], '1');
    store.apply({ type: 'DELETED', object: podAt('web', 5) });
    expect(store.apply({ type: 'MODIFIED', object: podAt('web', 4) })).toEqual([]);
    expect(store.apply({ type: 'ADDED', object: podAt('web', 6) })).toHaveLength(1);
  });

  it('takes no more memory for thirty thousand objects that are gone than for one thousand', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapUsed = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const pods = 1_000;
    const labelsOf = (name: string): Record<string, string> => ({ app: 'web', name, unlike: `${name} others` });
    const store = new InformerStore<Pod>();
    let version = 0;
    const nameOf = (i: number, round: number): string => `pod-${1_000_000 + i + round * pods}`;
    const round = (number: number): void => {
      for (let i = 0; i < pods; i++) {
        const name = nameOf(i, number);
        if (number > 0) store.apply({ type: 'DELETED', object: podAt(nameOf(i, number - 1), ++version) });
        store.apply({ type: 'ADDED', object: podAt(name, ++version, labelsOf(name)) });
        store.apply({ type: 'MODIFIED', object: podAt(name, ++version, { ...labelsOf(name), ready: 'yes' }) });
      }
    };
    for (let number = 0; number < 5; number++) round(number);
    const before = heapUsed();
    for (let number = 5; number < 35; number++) round(number);
    const grown = heapUsed() - before;
    expect(store.size).toBe(pods);
    // Less than 14 bytes for each.
    expect(grown).toBeLessThan(400_000);
  });
});
