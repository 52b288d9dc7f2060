/** The application that signs in, and its secret. */
import { expect, it } from 'vitest';
import { isSecretOf, makeServicePrincipal } from '../src/identity/service-principals.ts';

it('secrets are no options of az, whichever they are, and each is its own application’s alone', () => {
  const made = Array.from({ length: 500 }, () => makeServicePrincipal());
  for (const { secret } of made) expect(secret).toMatch(/^[0-9a-f]{48}$/);
  const [first, second] = made;
  if (first === undefined || second === undefined) throw new Error('some were made');
  expect([isSecretOf(first.principal, first.secret), isSecretOf(first.principal, second.secret)]).toEqual([true, false]);
});
