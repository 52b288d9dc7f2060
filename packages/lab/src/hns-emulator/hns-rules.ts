/**
 * What the emulator holds HNS to, one row each. A row is `confirmed` when a program that runs on Windows
 * relies on it or a source says so, and `assumed` otherwise: only a Windows node can tell. Rejections name
 * their row; `design/hns.md` shows the table.
 */

/** How sure a row is. */
type Evidence = 'confirmed' | 'assumed';

/** One statement about HNS. */
interface HnsRule {
  readonly says: string;
  readonly evidence: Evidence;
  /** Where it was seen, or why it is likely. */
  readonly source: string;
  /** The HRESULT of a rejection, where it is known. */
  readonly code?: string;
}

/** The names of the rows. */
export type HnsRuleName =
  | 'networkNotFound'
  | 'endpointNotFound'
  | 'portWithoutProtocol'
  | 'nestedMember'
  | 'setInUse'
  | 'unknownSet'
  | 'setExists'
  | 'setNotFound'
  | 'setDocument'
  | 'setValue'
  | 'aclDocument'
  | 'aclAction'
  | 'aclPriority'
  | 'protocolNumber'
  | 'noSctp'
  | 'numericPort'
  | 'addressOrSet'
  | 'requestShape'
  | 'lowestPriority'
  | 'noAclAllows'
  | 'setsAreEnds'
  | 'literalsAreSides'
  | 'setsAreAnded'
  | 'emptyMatchesAll'
  | 'emptyMemberIsNobody'
  | 'portsAreSides'
  | 'stateful'
  | 'bothEnds'
  | 'hostRules'
  | 'nodeIsJudged'
  | 'updateReplaces'
  | 'removeIsByContent'
  | 'requestIsOne'
  | 'antiSpoofing'
  | 'endsWithPort'
  | 'servicesFirst'
  | 'neighbourDiscovery';

/** The table. */
export const hnsRules: Readonly<Record<HnsRuleName, HnsRule>> = {
  // What is rejected.
  networkNotFound: {
    says: 'the network must be there',
    evidence: 'confirmed',
    source: 'HCN_E_NETWORK_NOT_FOUND of hcsshim',
    code: '0x803b0001',
  },
  endpointNotFound: {
    says: 'the endpoint must be there',
    evidence: 'confirmed',
    source: 'HCN_E_ENDPOINT_NOT_FOUND of hcsshim',
    code: '0x803b0002',
  },
  portWithoutProtocol: {
    says: 'an ACL with ports has a protocol',
    evidence: 'confirmed',
    source: 'Azure NPM, commit 69727966d',
    code: '0x803b000d',
  },
  nestedMember: {
    says: 'a NESTEDIPSET has members that are there, and are IPSETs',
    evidence: 'confirmed',
    source: "Azure NPM's fake of HNS",
  },
  setInUse: {
    says: 'a set goes after the sets and ACLs that refer to it',
    evidence: 'confirmed',
    source: "Azure NPM's fake of HNS, for sets in sets",
  },
  unknownSet: { says: 'the sets of an ACL are there', evidence: 'assumed', source: 'Azure NPM makes sets first and deletes them last' },
  setExists: {
    says: 'Add is for sets that are not there, Update for those that are',
    evidence: 'assumed',
    source: 'Azure NPM tells them apart',
  },
  setNotFound: { says: 'only sets that are there are updated and removed', evidence: 'assumed', source: 'Azure NPM tells them apart' },
  setDocument: {
    says: 'a SetPolicy has Id, Name, PolicyType (IPSET, NESTEDIPSET) and Values',
    evidence: 'confirmed',
    source: 'hcsshim and Azure NPM',
  },
  setValue: {
    says: 'the values of an IPSET are addresses and blocks, but not /0',
    evidence: 'assumed',
    source: 'Azure NPM splits /0 as it does for ipset',
  },
  aclDocument: {
    says: 'an ACL has the fields of AclPolicySetting and no others',
    evidence: 'assumed',
    source: 'AclPolicySetting of hcsshim',
  },
  aclAction: {
    says: 'Action is Allow or Block, Direction is In or Out, RuleType is Switch or Host',
    evidence: 'confirmed',
    source: 'constants of hcsshim',
  },
  aclPriority: { says: 'Priority is a whole number from 0 to 65535', evidence: 'confirmed', source: 'uint16 in hcsshim' },
  protocolNumber: { says: 'Protocols is one number, or nothing (256 as well) for all', evidence: 'confirmed', source: 'Azure NPM' },
  noSctp: { says: 'there is no filter for SCTP', evidence: 'confirmed', source: "documentation of AKS: Windows' limits" },
  numericPort: {
    says: 'ports are numbers and ranges of numbers, and have no names',
    evidence: 'confirmed',
    source: 'AclPortRanges of hcsshim; documentation of AKS',
  },
  addressOrSet: { says: 'one field holds addresses or ids of sets, not both', evidence: 'assumed', source: 'Azure NPM never mixes them' },
  requestShape: {
    says: 'a request has ResourceType Policy, a RequestType (Add, Update, Remove) and Policies',
    evidence: 'confirmed',
    source: 'hcsshim',
  },
  // What the documents mean.
  lowestPriority: {
    says: 'the matching ACL with the lowest Priority decides; among equals the first of the list',
    evidence: 'confirmed',
    source: 'Azure NPM (222 allow before 3000 block); the order of equals is assumed',
  },
  noAclAllows: { says: 'what no ACL matches passes', evidence: 'assumed', source: 'Azure NPM blocks explicitly, in one direction only' },
  setsAreEnds: {
    says: 'sets in LocalAddresses hold the source of a packet, sets in RemoteAddresses its destination, in both directions',
    evidence: 'confirmed',
    source: 'Azure NPM',
  },
  literalsAreSides: {
    says: 'literal addresses in RemoteAddresses are the peer, in LocalAddresses the endpoint itself',
    evidence: 'confirmed',
    source: 'Azure NPM Lite',
  },
  setsAreAnded: { says: 'of several sets in one field all must hold the address', evidence: 'assumed', source: 'Azure NPM relies on it' },
  emptyMatchesAll: { says: 'a set without any value matches every address', evidence: 'confirmed', source: 'Azure NPM #1431, for lists' },
  emptyMemberIsNobody: {
    says: 'an empty IPSET inside of a NESTEDIPSET adds nobody, and the list is not empty',
    evidence: 'confirmed',
    source: 'Azure NPM puts one into every list',
  },
  portsAreSides: {
    says: 'LocalPorts are the ports of the endpoint, RemotePorts those of the peer',
    evidence: 'confirmed',
    source: 'Azure NPM',
  },
  stateful: {
    says: 'packets of connections that were let through, and errors about them, pass',
    evidence: 'confirmed',
    source: 'Azure NPM writes no ACL for replies',
  },
  bothEnds: {
    says: 'Out ACLs act at the source endpoint, In ACLs at the destination, also when both are on one node',
    evidence: 'confirmed',
    source: 'VFP filters at the port',
  },
  hostRules: {
    says: 'ACLs with RuleType Host are asked first, and about traffic with the node only',
    evidence: 'assumed',
    source: "Calico's base ACLs",
  },
  nodeIsJudged: {
    says: "the node's own traffic to a pod is judged by its In ACLs when no Host ACL lets it through",
    evidence: 'confirmed',
    source: 'Azure NPM #1881: probes were blocked',
  },
  updateReplaces: {
    says: 'Update of an endpoint replaces all its policies, whoever made them, at once',
    evidence: 'confirmed',
    source: 'Azure NPM writes the others back; that it is at once is assumed',
  },
  removeIsByContent: { says: 'Remove from an endpoint takes the policies that are given', evidence: 'assumed', source: 'hcsshim' },
  requestIsOne: { says: 'a request is in force as a whole or rejected as a whole', evidence: 'assumed', source: 'nothing says otherwise' },
  antiSpoofing: {
    says: "packets from a port carry the endpoint's addresses, and nobody else's packets do",
    evidence: 'assumed',
    source: 'default of the virtual switch',
  },
  endsWithPort: { says: "an endpoint's connections end when it is deleted", evidence: 'assumed', source: 'the state is that of the port' },
  servicesFirst: {
    says: 'ACLs see the backend of a service',
    evidence: 'confirmed',
    source: 'Azure NPM has no rules for service addresses',
  },
  neighbourDiscovery: {
    says: 'ACLs do not see ARP and neighbour discovery',
    evidence: 'assumed',
    source: 'pods with Block everywhere keep their neighbours',
  },
};

/** A document that HNS does not take; nothing has changed. */
export class HnsRejection extends Error {
  override readonly name = 'HnsRejection';
  readonly rule: HnsRuleName;
  readonly code: string;

  constructor(rule: HnsRuleName, detail: string) {
    const row = hnsRules[rule];
    super(`${detail} (${row.says})`);
    this.rule = rule;
    this.code = row.code ?? '0x80070057';
  }
}
