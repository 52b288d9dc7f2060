/** Webhooks of a configuration, as they are called. */
import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from '@weir/kube';
import { type MatchCondition, parseMatchConditions } from '../match-conditions.ts';
import { parseMatcher, type RequestMatcher } from '../match-request.ts';

/** Where a webhook is: a URL, or a port of a service. */
type WebhookAddress =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string; readonly port: number; readonly path: string };

/** One webhook. */
export interface WebhookDefinition {
  /** Tells it from all others: the stage, its configuration and its name. */
  readonly key: string;
  readonly name: string;
  readonly address: WebhookAddress;
  /** PEM; undefined: the authorities that the machine trusts. */
  readonly authority: string | undefined;
  readonly matcher: RequestMatcher;
  readonly conditions: readonly MatchCondition[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  /** Whether it wants to see again what others changed after it. */
  readonly reinvoked: boolean;
}

/** Reads a stored configuration; `stage` is `mutating` or `validating`. */
export function parseWebhooks(configuration: Readonly<JsonObject>, stage: string): readonly WebhookDefinition[] {
  const owner = textAt(objectAt(configuration, 'metadata'), 'name');
  return objectsAt(configuration, 'webhooks').map((webhook) => {
    const config = objectAt(webhook, 'clientConfig');
    const authority = textAt(config, 'caBundle');
    const name = textAt(webhook, 'name');
    return {
      key: `${stage}/${owner}/${name}`,
      name,
      address: addressOf(config),
      authority: authority === '' ? undefined : Buffer.from(authority, 'base64').toString(),
      matcher: parseMatcher(webhook, 'rules'),
      conditions: parseMatchConditions(webhook, false),
      failurePolicy: textAt(webhook, 'failurePolicy') === 'Ignore' ? 'Ignore' : 'Fail',
      timeoutSeconds: numberAt(webhook, 'timeoutSeconds') ?? 10,
      reinvoked: textAt(webhook, 'reinvocationPolicy') === 'IfNeeded',
    };
  });
}

function addressOf(config: JsonObject | undefined): WebhookAddress {
  const service = objectAt(config, 'service');
  if (service === undefined) return { kind: 'url', url: textAt(config, 'url') };
  return {
    kind: 'service',
    namespace: textAt(service, 'namespace'),
    name: textAt(service, 'name'),
    port: numberAt(service, 'port') ?? 443,
    path: textAt(service, 'path') || '/',
  };
}
