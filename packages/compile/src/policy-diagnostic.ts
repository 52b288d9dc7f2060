/** What compiling says of a policy. */
import type { Diagnostic } from '@weir/kube';

/**
 * Why a policy is refused: it is not valid, or it is and the engine cannot express it. A field that is not known here makes
 * a policy not valid in a file; from a cluster it is a warning where it can be left out (`compile-known-fields.ts`).
 */
export type PolicyDiagnostic = Diagnostic<'invalid-policy' | 'unsupported-policy' | 'unknown-field'>;
