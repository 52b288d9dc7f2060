/** The definitions written here against those that the API's project publishes. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { adminNetworkPolicyDefinition, baselineAdminNetworkPolicyDefinition, clusterNetworkPolicyDefinition } from '../../src/index.ts';

const folder = new URL('../../../apiserver/test/custom-resources/testdata/network-policy-api/', import.meta.url);

it.each([clusterNetworkPolicyDefinition, adminNetworkPolicyDefinition, baselineAdminNetworkPolicyDefinition])(
  'says all that the published definition of $spec.names.kind says; it has the experimental fields, too',
  ({ metadata, spec }) => {
    const [plural = '', ...group] = (metadata.name ?? '').split('.');
    const published = parse(readFileSync(new URL(`${group.join('.')}_${plural}.yaml`, folder), 'utf8')) as { readonly spec: unknown };
    expect(comparable(spec)).toMatchObject(comparable(published.spec) as object);
  },
);

/** Without descriptions and with lists of required fields in order; descriptions are texts, a property of that name is none. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  // Before there were domain names, rules did not speak of them.
  if (typeof value === 'string') return value.replace(' || has(peer.domainNames)', '').replaceAll('/domainNames', '');
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([key, member]) => key !== 'description' || typeof member !== 'string');
  return Object.fromEntries(
    members.map(([key, member]) => [key, key === 'required' && Array.isArray(member) ? [...member].sort() : comparable(member)]),
  );
}
