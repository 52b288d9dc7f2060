import { iptablesBackEnd } from '../packets/back-ends.ts';
import { describeChanges } from './changes.ts';
import { describeSemantics } from './semantics.ts';
import { describeUpstreamCases } from './upstream-cases.ts';

describeSemantics(iptablesBackEnd);
describeUpstreamCases(iptablesBackEnd);
describeChanges(iptablesBackEnd, {
  'a flushed hook': ['iptables -F FORWARD'],
  'a deleted rule': ['iptables -D WEIR-INGRESS 1'],
  'a set without its members': ['for set in $(ipset list -n | grep ^weir4-); do ipset flush "$set"; done'],
});
