/** Which API a policy is of, where its fields have a meaning of their own. */
import type { LintPolicy } from './lint-policy.ts';

/** Whether it is of one of Calico's groups. */
export function isOfCalico({ object: { apiVersion = '' } }: Pick<LintPolicy, 'object'>): boolean {
  return apiVersion.startsWith('projectcalico.org/') || apiVersion.startsWith('crd.projectcalico.org/');
}

/** Whether it is a CiliumNetworkPolicy or a CiliumClusterwideNetworkPolicy. */
export function isOfCilium({ object: { kind = '' } }: Pick<LintPolicy, 'object'>): boolean {
  return kind === 'CiliumNetworkPolicy' || kind === 'CiliumClusterwideNetworkPolicy';
}
