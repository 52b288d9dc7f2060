/** What a refusal is: the words of one, and whether compiling refused. */
import { type FieldError, formatFieldErrorBody, isUnknownField } from '@weir/kube';
import type { PolicyDiagnostic } from './policy-diagnostic.ts';

/** The refusal for an error of a field, without its place. */
export function refusalOf(error: FieldError): Pick<PolicyDiagnostic, 'code' | 'severity' | 'message' | 'action'> {
  return {
    code: isUnknownField(error) ? 'unknown-field' : 'invalid-policy',
    severity: 'error',
    message: formatFieldErrorBody(error),
    action: 'correct the field; until then no part of this version of the policy is applied',
  };
}

/** Whether what compiling says is a refusal. */
export function isRefused({ diagnostics }: { readonly diagnostics: readonly PolicyDiagnostic[] }): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}
