/**
 * Answers of webhooks inside of a write transaction.
 *
 * A transaction cannot wait. So a write that comes to a webhook whose answer is not known ends there
 * and does nothing; the webhook is asked, and the write begins anew. An answer counts for the very
 * question that it was given to: when somebody has changed the object meanwhile, the webhook is asked
 * about the new one.
 */
import type { JsonObject, ResourceDefinition } from '@weir/kube';
import type { AdmissionAttributes } from '../admission-attributes.ts';
import { reviewRequest, type WebhookAnswer } from './admission-review.ts';
import { callWebhook, type ResolveService } from './call-webhook.ts';
import type { WebhookDefinition } from './webhook-definition.ts';

/** What a webhook said, or why it said nothing. */
export type WebhookOutcome = { readonly answer: WebhookAnswer } | { readonly failure: string };

/** One question. `round` is 0, or 1 for the second call of a mutating webhook. */
export interface WebhookQuestion {
  readonly webhook: WebhookDefinition;
  readonly matched: ResourceDefinition;
  readonly mutates: boolean;
  readonly round: number;
}

interface NeededAnswer extends WebhookQuestion {
  readonly key: string;
  readonly request: JsonObject;
  readonly text: string;
}

/** Thrown out of a transaction: it can go on when these have been answered. */
export class NeededAnswers extends Error {
  override readonly name = 'NeededAnswers';
  readonly needed: readonly NeededAnswer[];

  constructor(needed: readonly NeededAnswer[]) {
    super('webhooks are to be asked first');
    this.needed = needed;
  }
}

/** The answers for one request. */
export class WebhookAnswers {
  readonly #known = new Map<string, { readonly text: string; readonly outcome: WebhookOutcome }>();
  readonly #resolve: ResolveService;

  constructor(resolve: ResolveService) {
    this.#resolve = resolve;
  }

  /** The outcomes in the order of the questions; throws {@link NeededAnswers} for those that are not known. */
  of(questions: readonly WebhookQuestion[], attributes: AdmissionAttributes): readonly WebhookOutcome[] {
    const outcomes: WebhookOutcome[] = [];
    const needed: NeededAnswer[] = [];
    for (const question of questions) {
      const key = `${question.webhook.key}/${question.round}`;
      const request = reviewRequest(attributes, question.matched);
      const text = JSON.stringify(request);
      const known = this.#known.get(key);
      if (known?.text === text) outcomes.push(known.outcome);
      else needed.push({ ...question, key, request, text });
    }
    if (needed.length > 0) throw new NeededAnswers(needed);
    return outcomes;
  }

  /** Asks all of them at once; a failure is an outcome too. */
  async fetch({ needed }: NeededAnswers): Promise<void> {
    await Promise.all(
      needed.map(async ({ webhook, request, mutates, key, text }) => {
        this.#known.set(key, { text, outcome: await outcomeOf(callWebhook(webhook, { request, mutates }, this.#resolve)) });
      }),
    );
  }
}

async function outcomeOf(call: Promise<WebhookAnswer>): Promise<WebhookOutcome> {
  try {
    return { answer: await call };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
