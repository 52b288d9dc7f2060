/** The tokens of one pod's service account that its projected volumes show: asked for once, and again before they end (`pkg/kubelet/token`). */
import { ApiError, type KubeClient, serviceAccountsPath } from '@weir/client';
import type { KubeObject, Pod, TokenProjection } from '@weir/kube';
import { VolumeError } from './volume-files.ts';

interface TokenRequest extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly token: string; readonly expirationTimestamp: string };
}

interface HeldToken {
  readonly token: string;
  /** When to ask for the next one, in milliseconds since the epoch. */
  readonly renewMs: number;
}

const usualSeconds = 3_600;
/** A token is renewed when this part of its life has passed, at the latest after a day. */
const renewShare = 0.8;
const renewAtMostMs = 24 * 3_600_000;

/** Tokens by what was asked for. */
export class PodTokens {
  readonly #client: KubeClient;
  readonly #pod: Pod;
  readonly #held = new Map<string, HeldToken>();

  constructor(client: KubeClient, pod: Pod) {
    this.#client = client;
    this.#pod = pod;
  }

  /** When the first of the tokens has to be renewed; undefined when there is none. */
  get renewMs(): number | undefined {
    const times = Array.from(this.#held.values(), ({ renewMs }) => renewMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** A token that is good for a while. Rejects with a {@link VolumeError}. */
  async token(projection: TokenProjection): Promise<string> {
    const key = JSON.stringify([projection.audience, projection.expirationSeconds]);
    const held = this.#held.get(key);
    if (held !== undefined && held.renewMs > Date.now()) return held.token;
    const fresh = await this.#request(projection);
    this.#held.set(key, fresh);
    return fresh.token;
  }

  async #request({ audience, expirationSeconds = usualSeconds }: TokenProjection): Promise<HeldToken> {
    const { namespace, name = '', uid } = this.#pod.metadata;
    const account = this.#pod.spec?.serviceAccountName ?? 'default';
    const spec = {
      expirationSeconds,
      ...(audience === undefined || audience === '' ? {} : { audiences: [audience] }),
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    };
    const request: TokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec };
    const askedMs = Date.now();
    try {
      const { status } = await this.#client.create(serviceAccountsPath(namespace), request, { name: account, subresource: 'token' });
      if (status === undefined) throw new VolumeError('failed to fetch token: the answer has none');
      const lifeMs = Date.parse(status.expirationTimestamp) - askedMs;
      return { token: status.token, renewMs: askedMs + Math.min(renewShare * lifeMs, renewAtMostMs) };
    } catch (error) {
      if (error instanceof ApiError) throw new VolumeError(`failed to fetch token: ${error.message}`);
      throw error;
    }
  }
}
