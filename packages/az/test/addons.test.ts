import { expect, it } from 'vitest';
import { addonProfilesOf } from '../src/managed-clusters/addons.ts';

it('add-ons are told by the names that AKS has for them', () => {
  expect(addonProfilesOf('monitoring,azure-policy')).toEqual({ omsagent: { enabled: true }, azurepolicy: { enabled: true } });
  expect(addonProfilesOf(undefined)).toEqual({});
});

it.each(['nope', 'constructor', 'Monitoring'])('%s is no add-on', (word) => {
  expect(() => addonProfilesOf(`monitoring,${word}`)).toThrow(`'${word}' is not recognized by the --enable-addons argument.`);
});
