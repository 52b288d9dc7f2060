/** Rules about policies as they are written. */
import type { LintRule } from '../../lint-rule.ts';
import { blockHostBits, nodeAddressInBlock, podAddressInBlock, serviceAddressInBlock } from './address-blocks.ts';
import { emptyCiliumList } from './cilium-lists.ts';
import { clusterDnsDenied } from './cluster-dns-denied.ts';
import { coveredEntry } from './covered-entry.ts';
import { danglingSelector, unknownNamespace } from './dangling-selector.ts';
import { deprecatedApi } from './deprecated-api.ts';
import { dnsWithoutTcp, egressWithoutDns } from './dns-egress.ts';
import { duplicateEntry } from './duplicate-entry.ts';
import { emptyBlock } from './empty-block.ts';
import { emptyPeerList } from './empty-peer-list.ts';
import { labelCase } from './label-case.ts';
import { negatedPeer } from './negated-peer.ts';
import { openEgress, openIngress } from './open-rules.ts';
import { peerAndOr } from './peer-and-or.ts';
import { duplicateObject, duplicatePolicy } from './repeated-objects.ts';
import { selectsHostsToo } from './selects-hosts-too.ts';
import { selectsHostNetwork, selectsNothing } from './selects-nothing.ts';
import { servicePort, unknownPortName, unservedPort } from './served-ports.ts';
import { namespaceWithoutPolicy, noNamespace, unprotectedPod } from './uncovered.ts';
import { unenforcedRules } from './unenforced-rules.ts';
import { unlearnedNames } from './unlearned-names.ts';

/** In the order of the list that people see. */
export const policyRules: readonly LintRule[] = [
  selectsNothing,
  selectsHostNetwork,
  selectsHostsToo,
  danglingSelector,
  unknownNamespace,
  labelCase,
  peerAndOr,
  emptyPeerList,
  emptyCiliumList,
  negatedPeer,
  unenforcedRules,
  egressWithoutDns,
  dnsWithoutTcp,
  clusterDnsDenied,
  unlearnedNames,
  unknownPortName,
  servicePort,
  unservedPort,
  serviceAddressInBlock,
  podAddressInBlock,
  nodeAddressInBlock,
  emptyBlock,
  blockHostBits,
  openIngress,
  openEgress,
  duplicateObject,
  duplicatePolicy,
  duplicateEntry,
  coveredEntry,
  namespaceWithoutPolicy,
  unprotectedPod,
  noNamespace,
  deprecatedApi,
];
