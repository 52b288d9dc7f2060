/** What the outcome of a call means for the request. */
import type { JsonObject, Status } from '@weir/kube';
import { numberAt, textAt } from '@weir/kube';
import { ApiError, internalError } from '../../errors/api-error.ts';
import type { WebhookAnswer } from './admission-review.ts';
import type { WebhookOutcome } from './needed-answers.ts';
import type { WebhookDefinition } from './webhook-definition.ts';

/** The answer of a webhook that admits; undefined when it failed and that is to be ignored. Throws when it denies or has failed. */
export function admittedAnswer(webhook: WebhookDefinition, outcome: WebhookOutcome): WebhookAnswer | undefined {
  if ('failure' in outcome) {
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw internalError(`failed calling webhook ${JSON.stringify(webhook.name)}: ${outcome.failure}`);
  }
  if (!outcome.answer.allowed) throw deniedBy(webhook.name, outcome.answer.status ?? {});
  return outcome.answer;
}

/** The webhook's own Status with a message that names the webhook. */
function deniedBy(name: string, status: Readonly<JsonObject>): ApiError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = textAt(status, 'message') || textAt(status, 'reason');
  return new ApiError({
    ...(status as Partial<Status>),
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: why === '' ? `${denied} without explanation` : `${denied}: ${why}`,
    code: Math.max(400, numberAt(status, 'code') ?? 0),
  });
}
