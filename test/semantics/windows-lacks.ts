/** The cases of the upstream suite that need one of the four features that Windows lacks. */
import type { LackedFeature } from './upstream-cases.ts';

/** By feature. Named ports of a pod's own are numbers that are known; those of its peers are not. */
export const windowsLacks: readonly LackedFeature[] = [
  { feature: 'named ports', cases: ['should allow egress access on one named port'] },
  {
    feature: 'SCTP',
    cases: [
      "should not mistakenly treat 'protocol: SCTP' as 'protocol: TCP', even if the plugin doesn't support SCTP",
      "should properly isolate pods that are selected by a policy allowing SCTP, even if the plugin doesn't support SCTP",
      'should enforce policy based on Ports using SCTP',
    ],
  },
  { feature: 'negative selectors', cases: [] },
  {
    feature: 'except',
    cases: [
      'should enforce except clause while egress access to server in CIDR block',
      'should ensure an IP overlapping both IPBlock.CIDR and IPBlock.Except is allowed',
    ],
  },
];
