import { describe, expect, it } from 'vitest';
import { engineLabels } from '../../src/engine-pods/engine-labels.ts';

const kubeletVersion = 'v1.32.10';

describe('what a node says of its engine', () => {
  it('is the engine with its version for this Kubernetes', () => {
    expect(engineLabels({ engine: 'calico', system: 'linux', kubeletVersion })).toEqual({
      'weir.local/engine': 'calico',
      'weir.local/engine-version': '3.29.0',
      'weir.local/floating-ip': null,
    });
  });

  it('is that a Windows node with Calico has Floating IP, from Kubernetes 1.20 on and with no other engine', () => {
    const floating = (engine: 'azure' | 'calico', version: string): string | null | undefined =>
      engineLabels({ engine, system: 'windows', kubeletVersion: version })['weir.local/floating-ip'];
    expect([floating('calico', 'v1.20.0'), floating('calico', 'v1.19.9'), floating('azure', kubeletVersion)]).toEqual(['true', null, null]);
  });

  it('is no version where the engine is no product, and nothing without an engine', () => {
    expect(engineLabels({ engine: 'kubernetes', system: 'linux', kubeletVersion })).toMatchObject({
      'weir.local/engine': 'kubernetes',
      'weir.local/engine-version': null,
    });
    expect(new Set(Object.values(engineLabels({ system: 'linux', kubeletVersion })))).toEqual(new Set([null]));
  });
});
