/**
 * Writes that webhooks and policies have a say in.
 *
 * Where none is configured a write is one transaction and nothing else. Else it is attempted until
 * everything it asked webhooks has been answered for the state that it finds.
 */
import type { AuditTrail } from '../audit/audit-trail.ts';
import { internalError } from '../errors/api-error.ts';
import type { RestContext } from '../rest/rest-context.ts';
import type { WriteAttempt } from '../rest/write-scope.ts';
import { RequestAdmission } from './request-admission.ts';
import { NeededAnswers } from './webhooks/needed-answers.ts';

/** More attempts mean that the object changes faster than webhooks answer. */
const attemptsMax = 200;

/** The result of a write, and what webhooks and policies warn about. */
export interface AdmittedWrite<T> {
  readonly value: T;
  readonly warnings: readonly string[];
}

/**
 * Runs a write. `action` may run several times: with an `admission` it must not change what it was given. What policies
 * and webhooks have to say for the log goes to `audit`, also when the write is denied.
 */
export async function admittedWrite<T>(
  context: RestContext,
  audit: AuditTrail | undefined,
  action: (attempt: WriteAttempt) => T,
): Promise<AdmittedWrite<T>> {
  const { rules } = context.admission;
  if (rules === undefined) return { value: await context.store.write((transaction) => action({ context, transaction })), warnings: [] };
  const { registry, authorizer, resolveService } = context;
  const admission = new RequestAdmission({ rules, registry, authorizer, resolveService });
  // All attempts happen at one time, so that what they make is the same.
  const nowMs = context.now();
  const standing: RestContext = { ...context, now: () => nowMs, nodeSocket: (node) => context.nodeSocket(node) };
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    admission.begin();
    try {
      const value = await context.store.write((transaction) => action({ context: standing, transaction, admission }));
      tell(admission, audit);
      return { value, warnings: admission.warnings };
    } catch (error) {
      if (!(error instanceof NeededAnswers)) {
        tell(admission, audit);
        throw error;
      }
      await admission.fetch(error);
    }
  }
  throw internalError('the object changes faster than the webhooks answer; try again');
}

function tell({ annotations }: RequestAdmission, audit: AuditTrail | undefined): void {
  for (const [key, value] of annotations) audit?.annotate(key, value);
}
