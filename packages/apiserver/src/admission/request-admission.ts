/**
 * The admission of one request by webhooks and policies, in upstream's order: mutating webhooks, then
 * (after the object's own validation) policies, then validating webhooks.
 */
import { randomUUID } from 'node:crypto';
import { deepEqual, type JsonObject, type ResourceRegistry } from '@weir/kube';
import { defined } from '@weir/net';
import type { Authorizer } from '../authorization/access.ts';
import { forbidden, internalError } from '../errors/api-error.ts';
import { subjectOf } from '../rest/object-key.ts';
import { patchByOperations } from '../rest/patch-operations.ts';
import type { AdmissionSituation } from './admission-attributes.ts';
import type { AdmissionRules } from './admission-configuration.ts';
import { admissionValues } from './admission-values.ts';
import { holdConditions } from './match-conditions.ts';
import { matchedDefinition } from './match-request.ts';
import { enforcePolicies, type PolicyFailure } from './policies/evaluate-policies.ts';
import { convert, type WebhookAnswer } from './webhooks/admission-review.ts';
import type { ResolveService } from './webhooks/call-webhook.ts';
import { type NeededAnswers, WebhookAnswers, type WebhookQuestion } from './webhooks/needed-answers.ts';
import type { WebhookDefinition } from './webhooks/webhook-definition.ts';
import { admittedAnswer } from './webhooks/webhook-verdict.ts';

/** What admission works with. */
export interface AdmissionWorld {
  readonly rules: AdmissionRules;
  readonly registry: ResourceRegistry;
  readonly authorizer: Authorizer;
  readonly resolveService: ResolveService;
}

/** Fits a patched object to its kind again: types, defaults. */
export type Refit = (object: JsonObject) => JsonObject;

/** One request; a write may be attempted several times until all webhooks have answered. */
export class RequestAdmission {
  /** What a new object is given: the same in every attempt, so that answers go on counting. */
  readonly identity: { readonly uid: string; name: string };
  readonly #world: AdmissionWorld;
  readonly #answers: WebhookAnswers;
  #warnings = new Set<string>();
  #annotations = new Map<string, Set<string>>();
  #failures: PolicyFailure[] = [];

  constructor(world: AdmissionWorld) {
    this.#world = world;
    this.#answers = new WebhookAnswers(world.resolveService);
    this.identity = { uid: randomUUID(), name: '' };
  }

  /** What the client is to be warned about. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** What the audit log is told. */
  get annotations(): ReadonlyMap<string, string> {
    const all = new Map(Array.from(this.#annotations, ([key, values]) => [key, Array.from(values).sort().join(', ')]));
    if (this.#failures.length > 0) all.set('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(this.#failures));
    return all;
  }

  /** Begins an attempt. */
  begin(): void {
    this.#warnings = new Set();
    this.#annotations = new Map();
    this.#failures = [];
  }

  /** Gets what an attempt lacked. */
  async fetch(needed: NeededAnswers): Promise<void> {
    await this.#answers.fetch(needed);
  }

  /** Mutating webhooks, one after the other; those that want it see once more what others changed. Returns the object. */
  mutate(situation: AdmissionSituation, refit: Refit): JsonObject {
    let object = defined(situation.attributes.object, 'what is mutated is there');
    const left = new Map<WebhookDefinition, Readonly<JsonObject>>();
    for (const webhook of this.#world.rules.mutating) {
      const next = this.#mutateBy(webhook, at(situation, object), { round: 0, refit });
      if (next === undefined) continue;
      object = next;
      left.set(webhook, next);
    }
    for (const [webhook, seen] of left) {
      if (!webhook.reinvoked || deepEqual(seen, object)) continue;
      object = this.#mutateBy(webhook, at(situation, object), { round: 1, refit }) ?? object;
    }
    return object;
  }

  /** Policies, then validating webhooks, all of them at once. Throws what denies. */
  validate(situation: AdmissionSituation): void {
    const { rules, registry, authorizer } = this.#world;
    enforcePolicies(rules.policies, situation, {
      registry,
      authorizer,
      warn: (text) => this.#warnings.add(text),
      annotate: (key, value) => this.#annotate(key, value),
      noteFailure: (failure) => this.#failures.push(failure),
    });
    const questions = rules.validating.flatMap((webhook) => this.#question(webhook, situation, { mutates: false, round: 0 }) ?? []);
    this.#askAll(questions, situation);
  }

  /** Deletions and actions: mutating webhooks have a say, and nothing that they could change. */
  admitUnchanged(situation: AdmissionSituation): void {
    for (const webhook of this.#world.rules.mutating) {
      const question = this.#question(webhook, situation, { mutates: true, round: 0 });
      if (question === undefined) continue;
      const patch = this.#askAll([question], situation)[0]?.patch;
      if (patch === undefined || (Array.isArray(patch) && patch.length === 0)) continue;
      const name = JSON.stringify(webhook.name);
      throw internalError(`admission webhook ${name} attempted to modify the object, which is not supported for this operation`);
    }
    this.validate(situation);
  }

  #askAll(questions: readonly WebhookQuestion[], { attributes }: AdmissionSituation): (WebhookAnswer | undefined)[] {
    const outcomes = this.#answers.of(questions, attributes);
    // Warnings and annotations count also where another webhook denies.
    outcomes.forEach((outcome, i) => {
      if (!('answer' in outcome)) return;
      for (const text of outcome.answer.warnings) this.#warnings.add(text);
      for (const [key, value] of Object.entries(outcome.answer.annotations)) this.#annotate(`${questions[i]?.webhook.name}/${key}`, value);
    });
    return questions.map(({ webhook }, i) => admittedAnswer(webhook, defined(outcomes[i], 'every question has an outcome')));
  }

  /** Several bindings may have something to say under one key. */
  #annotate(key: string, value: string): void {
    const values = this.#annotations.get(key) ?? new Set();
    this.#annotations.set(key, values.add(value));
  }

  #mutateBy(
    webhook: WebhookDefinition,
    situation: AdmissionSituation,
    { round, refit }: { readonly round: number; readonly refit: Refit },
  ): JsonObject | undefined {
    const question = this.#question(webhook, situation, { mutates: true, round });
    if (question === undefined) return undefined;
    const { definition } = situation.attributes.target;
    const object = defined(situation.attributes.object, 'what is mutated is there');
    const patch = this.#askAll([question], situation)[0]?.patch;
    if (patch === undefined) return object;
    const seen = structuredClone(convert(object, definition, question.matched)) as JsonObject;
    try {
      const patched = patchByOperations(seen, patch);
      return refit(structuredClone(convert(patched, question.matched, definition)) as JsonObject);
    } catch (error) {
      throw internalError(
        `the patch of webhook ${JSON.stringify(webhook.name)} cannot be applied: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** The question to a webhook that is for this request, or undefined. */
  #question(
    webhook: WebhookDefinition,
    situation: AdmissionSituation,
    call: Pick<WebhookQuestion, 'mutates' | 'round'>,
  ): WebhookQuestion | undefined {
    const matched = matchedDefinition(webhook.matcher, situation, this.#world.registry);
    if (matched === undefined) return undefined;
    if (webhook.conditions.length > 0) {
      const held = holdConditions(webhook.conditions, admissionValues(situation, this.#world));
      if ('error' in held) {
        if (webhook.failurePolicy === 'Ignore') return undefined;
        throw forbidden(subjectOf(situation.attributes.target, situation.attributes.name), held.error);
      }
      if (!held.holds) return undefined;
    }
    return { webhook, matched, ...call };
  }
}

function at(situation: AdmissionSituation, object: Readonly<JsonObject>): AdmissionSituation {
  return { ...situation, attributes: { ...situation.attributes, object } };
}
