import { nftablesBackEnd } from '../packets/back-ends.ts';
import { describeChanges } from './changes.ts';
import { describeSemantics } from './semantics.ts';
import { describeUpstreamCases } from './upstream-cases.ts';

describeSemantics(nftablesBackEnd);
describeUpstreamCases(nftablesBackEnd);
describeChanges(nftablesBackEnd, {
  'a flushed hook': ['nft flush chain inet weir ingress'],
  'a deleted rule': [
    `nft delete rule inet weir ingress handle $(nft -a list chain inet weir ingress | grep -oE 'handle [0-9]+$' | tail -1 | cut -d' ' -f2)`,
  ],
  'a deleted set member': ['nft delete element inet weir local4 "{ 10.224.1.10 }"'],
  'a deleted table': ['nft delete table inet weir'],
});
