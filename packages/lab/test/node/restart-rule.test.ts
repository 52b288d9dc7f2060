import { describe, expect, it } from 'vitest';
import { startsAgain } from '../../src/node/restart-rule.ts';

const rule = (operator: string, ...values: readonly number[]): Parameters<typeof startsAgain>[0] => ({
  restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }],
});

describe('a container that ended', () => {
  it.each([
    ['Always', 0, true],
    ['Always', 1, true],
    ['OnFailure', 0, false],
    ['OnFailure', 1, true],
    ['Never', 0, false],
    ['Never', 1, false],
  ] as const)('with policy %s and exit code %i starts again: %s', (policy, exitCode, expected) => {
    expect(startsAgain({}, policy, exitCode)).toBe(expected);
  });

  it.each([
    ['In', 42, true],
    ['In', 43, false],
    ['NotIn', 42, false],
    ['NotIn', 43, true],
  ])('with a rule for exit codes %s 42 and exit code %i starts again although it never should: %s', (operator, exitCode, expected) => {
    expect(startsAgain(rule(operator, 42), 'Never', exitCode)).toBe(expected);
  });
});
