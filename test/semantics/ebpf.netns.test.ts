import { ebpfBackEnd } from '../packets/back-ends.ts';
import { describeChanges } from './changes.ts';
import { nodePins } from './node-state.ts';
import { describeSemantics } from './semantics.ts';
import { describeUpstreamCases } from './upstream-cases.ts';

const pins = `${nodePins}/*`;

describeSemantics(ebpfBackEnd);
describeUpstreamCases(ebpfBackEnd);
describeChanges(ebpfBackEnd, {
  'a detached program': [`bpftool link detach pinned ${pins}/link_forward4`],
  'a map without its elements': [
    `bpftool map dump pinned ${pins}/policies | tr '\\n' ' ' | grep -oE 'key: *([0-9a-f]{2} +)+' | cut -d: -f2 | while read key; do bpftool map delete pinned ${pins}/policies key hex $key; done`,
  ],
  'a program without its pin': [`rm ${pins}/link_forward6 ${pins}/program_forward6`],
});
