import { describe, expect, it } from 'vitest';
import {
  addQuantities,
  formatQuantity,
  type JsonObject,
  podAmounts,
  type Quantity,
  readQuantity,
  unstatedResources,
} from '../src/index.ts';

function quantity(text: string): Quantity {
  const read = readQuantity(text);
  if (read === undefined) throw new Error(`${text} is no quantity`);
  return read;
}

describe('a quantity', () => {
  it.each([
    ['0', '0'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Ki', '1Mi'],
    ['2048', '2048'],
    ['1000', '1k'],
    ['12e6', '12e6'],
    ['1e3', '1e3'],
    ['512Mi', '512Mi'],
    ['0.5Ki', '512'],
    ['-1500m', '-1500m'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['16Ei', '16Ei'],
  ])('%s is written as %s', (text, canonical) => {
    return expect(formatQuantity(quantity(text))).toBe(canonical);
  });

  it('is added up exactly, in the form of the first', () => {
    const sum = Array.from({ length: 10 }, () => quantity('0.1')).reduce(addQuantities);
    expect(formatQuantity(sum)).toBe('1');
    expect(formatQuantity(addQuantities(quantity('1Gi'), quantity('512Mi')))).toBe('1536Mi');
    expect(formatQuantity(addQuantities(quantity('0'), quantity('1Gi')))).toBe('1Gi');
  });

  it.each(['', 'x', '1x', '.', '1.2.3'])('%s is none', (text) => {
    expect(readQuantity(text)).toBeUndefined();
  });
});

describe('a pod', () => {
  const container = (cpu: string): JsonObject => ({ name: `c${cpu}`, resources: { requests: { cpu } } });

  it('asks for its containers together or for the greatest init container, and for its overhead', () => {
    const cpu = (spec: JsonObject): string => formatQuantity(podAmounts(spec, 'requests').get('cpu') ?? quantity('0'));
    expect(cpu({ containers: [container('100m'), container('200m')] })).toBe('300m');
    expect(cpu({ containers: [container('100m')], initContainers: [container('2'), container('1')] })).toBe('2');
    const sidecar = { ...container('500m'), restartPolicy: 'Always' };
    expect(cpu({ containers: [container('100m')], initContainers: [sidecar, container('1')] })).toBe('1500m');
    expect(cpu({ containers: [container('100m')], overhead: { cpu: '10m' } })).toBe('110m');
  });

  it('is told which of its containers leave out what a quota limits', () => {
    const pod = { spec: { containers: [{ name: 'b' }, container('1'), { name: 'a' }] } };
    expect(unstatedResources(pod, ['pods', 'requests.cpu', 'limits.memory'])).toEqual(
      new Map([
        ['limits.memory', ['a', 'b', 'c1']],
        ['requests.cpu', ['a', 'b']],
      ]),
    );
  });
});
