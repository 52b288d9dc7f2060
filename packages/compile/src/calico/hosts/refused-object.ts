/** Why an object of Calico's that is no policy is refused. */
import type { FieldError, KubeObject } from '@weir/kube';
import type { PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import type { PolicyDiagnostic } from '../../policy-diagnostic.ts';
import { refusalOf } from '../../policy-refusal.ts';

/** Diagnostics of the errors; `meanwhile` is what holds until they are corrected. */
export function refusalsOf(
  { kind = '', metadata: { name = '' } }: KubeObject,
  errors: readonly FieldError[],
  { positionOf, meanwhile }: { readonly positionOf: PositionLookup; readonly meanwhile: string },
): readonly PolicyDiagnostic[] {
  return errors.map((error): PolicyDiagnostic => {
    const position = positionOf(error.field) ?? positionOf('');
    return {
      ...refusalOf(error),
      action: `correct the field; until then ${meanwhile}`,
      object: `${kind} ${name}`,
      field: error.field,
      ...(position === undefined ? {} : { position }),
    };
  });
}
