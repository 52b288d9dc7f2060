import { describe, expect, it } from 'vitest';
import { ProbeCounter, type ProbeVerdict } from '../../../src/node/probes/probe-counter.ts';

const verdictsOf = (thresholds: ConstructorParameters<typeof ProbeCounter>[0], outcomes: readonly ProbeVerdict[]): readonly unknown[] => {
  const counter = new ProbeCounter(thresholds);
  return outcomes.map((outcome) => counter.add(outcome));
};

describe('a verdict on a container', () => {
  it('changes to failure with the third failure in a row unless the probe says otherwise', () => {
    expect(verdictsOf({}, ['success', 'failure', 'failure', 'failure', 'failure'])).toEqual([
      'success',
      undefined,
      undefined,
      'failure',
      'failure',
    ]);
  });

  it('needs as many outcomes in a row as the probe says, each kind its own number', () => {
    const outcomes = ['success', 'success', 'failure', 'success', 'failure', 'failure'] as const;
    expect(verdictsOf({ successThreshold: 2, failureThreshold: 2 }, outcomes)).toEqual([
      undefined,
      'success',
      undefined,
      undefined,
      undefined,
      'failure',
    ]);
  });
});
