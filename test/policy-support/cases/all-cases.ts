/** Every kind with what is tried of it, in the order of the page. */
import type { SupportedKind } from '../support-case.ts';
import { administratorCases } from './administrator-cases.ts';
import { calicoHostCases } from './calico-host-cases.ts';
import { calicoPolicyCases, calicoStagedCases } from './calico-policy-cases.ts';
import { calicoReferredCases } from './calico-referred-cases.ts';
import { ciliumCases } from './cilium-cases.ts';
import { networkPolicyCases } from './kubernetes-cases.ts';

/** One section of the page each. */
export const supportedKinds: readonly SupportedKind[] = [
  networkPolicyCases,
  ...administratorCases,
  ...calicoPolicyCases,
  ...calicoStagedCases,
  ...calicoReferredCases,
  ...calicoHostCases,
  ...ciliumCases,
];
