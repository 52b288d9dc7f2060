/** The webhooks and policies that are in force, read from the store and kept until one of them changes. */
import type { JsonObject } from '@weir/kube';
import { groupBy } from '@weir/net';
import type { ObjectStore } from '../storage/object-store.ts';
import type { BoundPolicy } from './policies/evaluate-policies.ts';
import { parseBinding, parsePolicy } from './policies/policy-definition.ts';
import { parseWebhooks, type WebhookDefinition } from './webhooks/webhook-definition.ts';

/** Everything that has a say in writes besides the server itself. */
export interface AdmissionRules {
  readonly mutating: readonly WebhookDefinition[];
  readonly validating: readonly WebhookDefinition[];
  readonly policies: readonly BoundPolicy[];
}

const group = 'admissionregistration.k8s.io';
const stored = {
  mutating: `mutatingwebhookconfigurations.${group}`,
  validating: `validatingwebhookconfigurations.${group}`,
  policies: `validatingadmissionpolicies.${group}`,
  bindings: `validatingadmissionpolicybindings.${group}`,
} as const;

/** Reads them from a store. */
export class AdmissionConfiguration {
  readonly #store: ObjectStore;
  #rules: { readonly present: AdmissionRules | undefined } | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
    const watched: readonly string[] = Object.values(stored);
    store.subscribe(({ key }) => {
      if (watched.includes(key.resource)) this.#rules = undefined;
    });
  }

  /** What is in force now; undefined when there is nothing. */
  get rules(): AdmissionRules | undefined {
    this.#rules ??= { present: this.#read() };
    return this.#rules.present;
  }

  #read(): AdmissionRules | undefined {
    const mutating = this.#objects(stored.mutating).flatMap((object) => parseWebhooks(object, 'mutating'));
    const validating = this.#objects(stored.validating).flatMap((object) => parseWebhooks(object, 'validating'));
    const bindings = groupBy(this.#objects(stored.bindings).map(parseBinding), (binding) => binding.policyName);
    // A policy that nothing binds is in force nowhere.
    const policies = this.#objects(stored.policies)
      .map(parsePolicy)
      .flatMap((policy) => {
        const own = bindings.get(policy.name);
        return own === undefined ? [] : [{ policy, bindings: own }];
      });
    if (mutating.length + validating.length + policies.length === 0) return undefined;
    return { mutating, validating, policies };
  }

  #objects(resource: string): Readonly<JsonObject>[] {
    return Array.from(this.#store.list({ resource }), ({ object }) => object.json);
  }
}
