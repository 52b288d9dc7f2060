/** Documents that HNS does not take, and what of them stays: nothing. */
import { describe, expect, it } from 'vitest';
import { HnsRejection, type HnsRuleName, hnsRules } from '../../src/hns-emulator/hns-rules.ts';
import { PolicyStore } from '../../src/hns-emulator/policy-store.ts';

const ipset = { Id: 'azure-npm-343gyx4g1wf87lwlewvk', Name: 'ns-test', PolicyType: 'IPSET', Values: '10.0.0.1,10.0.0.2' };
const list = { Id: 'azure-npm-61b0uqiiz2delucbmvi2', Name: 'nslabel-all-namespaces', PolicyType: 'NESTEDIPSET', Values: ipset.Id };
const acl = {
  Id: 'azure-acl-x-allow',
  Protocols: '6',
  Action: 'Allow',
  Direction: 'In',
  LocalAddresses: ipset.Id,
  LocalPorts: '80',
  RuleType: 'Switch',
  Priority: 222,
};

function request(RequestType: string, Type: string, ...settings: readonly unknown[]): unknown {
  return { ResourceType: 'Policy', RequestType, Settings: { Policies: settings.map((Settings) => ({ Type, Settings })) } };
}

/** A network with the two sets and an endpoint that refers to the first. */
function storeWithSets(): PolicyStore {
  const store = new PolicyStore();
  store.putEndpoint({ id: 'e', addresses: ['10.0.0.9'], interface: 'weir0', policies: [] });
  store.modifyNetwork(request('Add', 'SetPolicy', ipset, list));
  store.modifyEndpoint('e', request('Add', 'ACL', acl));
  return store;
}

function rejectionOf(work: () => unknown): HnsRejection {
  try {
    work();
  } catch (error) {
    if (error instanceof HnsRejection) return error;
    throw error;
  }
  throw new Error('the document was taken');
}

const setCases: readonly (readonly [HnsRuleName, string, unknown])[] = [
  ['setExists', 'a set that is there is added', request('Add', 'SetPolicy', ipset)],
  ['setNotFound', 'a set that is not there is updated', request('Update', 'SetPolicy', { ...ipset, Id: 'azure-npm-none' })],
  ['setNotFound', 'a set that is not there is removed', request('Remove', 'SetPolicy', { ...ipset, Id: 'azure-npm-none' })],
  [
    'nestedMember',
    'a list comes before its member',
    request('Add', 'SetPolicy', { ...list, Id: 'l2', Values: 'late' }, { ...ipset, Id: 'late' }),
  ],
  ['nestedMember', 'a list has a list as member', request('Add', 'SetPolicy', { ...list, Id: 'l2', Values: list.Id })],
  ['setInUse', 'a set goes while a list has it', request('Remove', 'SetPolicy', ipset)],
  ['setInUse', 'a set goes while an ACL refers to it', request('Remove', 'SetPolicy', list, ipset)],
  ['setDocument', 'a set has no known type', request('Add', 'SetPolicy', { ...ipset, Id: 'x', PolicyType: 'HASH' })],
  ['setDocument', 'a set has no name', request('Add', 'SetPolicy', { ...ipset, Id: 'x', Name: '' })],
  ['setDocument', 'a set has a field that there is not', request('Add', 'SetPolicy', { ...ipset, Id: 'x', Type: 'IPSET' })],
  ['setValue', 'a value is a whole family', request('Add', 'SetPolicy', { ...ipset, Id: 'x', Values: '0.0.0.0/0' })],
  ['setValue', 'a value is no address', request('Add', 'SetPolicy', { ...ipset, Id: 'x', Values: '10.0.0.1,TCP:8080' })],
  ['requestShape', 'the kind of request is unknown', request('Replace', 'SetPolicy', ipset)],
  ['requestShape', 'the request is none', 'Add'],
];

const aclCases: readonly (readonly [HnsRuleName, string, Readonly<Record<string, unknown>>])[] = [
  ['unknownSet', 'its set is not there', { ...acl, LocalAddresses: `${ipset.Id},azure-npm-none` }],
  ['portWithoutProtocol', 'it has a port without protocol', { Action: 'Allow', Direction: 'In', LocalPorts: '80', Priority: 222 }],
  ['portWithoutProtocol', 'it has a port and a protocol without ports', { ...acl, Protocols: '1' }],
  ['numericPort', 'its port has a name', { ...acl, LocalPorts: 'http' }],
  ['numericPort', 'its range of ports goes down', { ...acl, LocalPorts: '90-80' }],
  ['noSctp', 'its protocol is SCTP', { ...acl, Protocols: '132' }],
  ['protocolNumber', 'its protocol has a name', { ...acl, Protocols: 'TCP' }],
  ['addressOrSet', 'it has an address beside a set', { ...acl, LocalAddresses: `10.0.0.1,${ipset.Id}` }],
  ['setValue', 'its address is a whole family', { ...acl, LocalAddresses: '::/0' }],
  ['aclAction', 'it neither allows nor blocks', { ...acl, Action: 'Pass' }],
  ['aclAction', 'it has no direction', { ...acl, Direction: 'Both' }],
  ['aclPriority', 'its priority is no number', { ...acl, Priority: '222' }],
  ['aclPriority', 'its priority is too large', { ...acl, Priority: 65_536 }],
  ['aclDocument', 'it has a field that there is not', { ...acl, Except: '10.0.0.0/8' }],
];

const rulesHead = [
  '# What the emulator holds HNS to',
  '',
  'Made from the table in `packages/lab/src/hns-emulator/hns-rules.ts` by its tests (`npx vitest run -u --project unit packages/lab/test/hns-emulator`).',
  'A row is confirmed when a program that runs on Windows relies on it or a source says so; only a Windows node can tell of the assumed ones. See [hns.md](hns.md).',
  '',
  '| row | HNS | evidence | source | code |',
  '|---|---|---|---|---|',
];

describe('the emulator of HNS', () => {
  it.each(setCases)('rejects by %s when %s, and changes nothing', (rule, _, document) => {
    const store = storeWithSets();
    const before = JSON.stringify(store.networkPolicies());
    expect(rejectionOf(() => store.modifyNetwork(document)).rule).toBe(rule);
    expect(JSON.stringify(store.networkPolicies())).toBe(before);
  });

  it.each(aclCases)('rejects an ACL by %s when %s, and changes nothing', (rule, _, settings) => {
    const store = storeWithSets();
    const before = JSON.stringify(store.endpoints.get('e'));
    expect(rejectionOf(() => store.modifyEndpoint('e', request('Add', 'ACL', acl, settings))).rule).toBe(rule);
    expect(JSON.stringify(store.endpoints.get('e'))).toBe(before);
  });

  it('rejects changes of an endpoint that is not there, with the code of HNS', () => {
    expect(rejectionOf(() => storeWithSets().modifyEndpoint('none', request('Add', 'ACL', acl)))).toMatchObject({
      rule: 'endpointNotFound',
      code: '0x803b0002',
    });
  });

  it('gives a port without protocol the code that Windows gives', () => {
    const error = rejectionOf(() => storeWithSets().modifyEndpoint('e', request('Add', 'ACL', { ...acl, Protocols: '' })));
    expect(error.code).toBe('0x803b000d');
  });

  it('shows in design/hns-rules.md what it holds HNS to, and how sure that is', async () => {
    const rows = Object.entries(hnsRules).map(
      ([name, { says, evidence, source, code }]) => `| \`${name}\` | ${says} | ${evidence} | ${source} | ${code ?? ''} |`,
    );
    await expect([...rulesHead, ...rows, ''].join('\n')).toMatchFileSnapshot('../../../../design/hns-rules.md');
  });

  it('adds to, replaces and takes away the policies of an endpoint, whoever made them', () => {
    const store = storeWithSets();
    const other = { Type: 'OutBoundNAT', Settings: { VirtualIP: '10.0.0.4' } };
    store.modifyEndpoint('e', { ResourceType: 'Policy', RequestType: 'Add', Settings: { Policies: [other] } });
    expect(store.endpoints.get('e')?.policies).toEqual([{ Type: 'ACL', Settings: acl }, other]);
    store.modifyEndpoint('e', request('Remove', 'ACL', acl));
    expect(store.endpoints.get('e')?.policies).toEqual([other]);
    store.modifyEndpoint('e', request('Update', 'ACL', acl));
    expect(store.endpoints.get('e')?.policies).toEqual([{ Type: 'ACL', Settings: acl }]);
  });
});
