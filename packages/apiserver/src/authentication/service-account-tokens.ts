/**
 * Tokens of service accounts: JSON Web Tokens that the server signs and, while the account and the object that they
 * are bound to exist, believes (KEP-1205, `pkg/serviceaccount`).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { errors, exportJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { UserInfo } from '../server/api-message.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** How the server signs. */
export interface ServiceAccountOptions {
  /** PEM of an EC P-256 private key (PKCS #8). */
  readonly key: string;
  /** `iss` of the tokens. */
  readonly issuer: string;
  /** Audiences that this server is. Default: the issuer. */
  readonly audiences?: readonly string[];
}

/** The object that a token is bound to. */
export interface BoundObject {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** What a token is to say. */
export interface TokenClaims {
  readonly namespace: string;
  readonly account: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly bound?: BoundObject;
}

/** A token, and when it ends, in milliseconds since the epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresMs: number;
}

/** The claims beside the registered ones. */
interface KubernetesClaims {
  readonly namespace?: string;
  readonly serviceaccount?: { readonly name?: string; readonly uid?: string };
  readonly pod?: { readonly name?: string; readonly uid?: string };
  readonly secret?: { readonly name?: string; readonly uid?: string };
  readonly node?: { readonly name?: string; readonly uid?: string };
}

const algorithm = 'ES256';
const claimsKey = 'kubernetes.io';

/** Verified tokens are believed for this time without another look at the signature. */
const believedMs = 10_000;
const believedMax = 4_096;

/** A key for a server that nobody gave one: its tokens end with the process. */
export function generateServiceAccountKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Signs and verifies. */
export class ServiceAccountTokens {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #store: ObjectStore;
  readonly #believed = new Map<string, { readonly payload: JWTPayload; readonly untilMs: number }>();

  constructor(options: ServiceAccountOptions, store: ObjectStore) {
    this.issuer = options.issuer;
    this.audiences = options.audiences ?? [options.issuer];
    this.#private = createPrivateKey(options.key);
    this.#public = createPublicKey(this.#private);
    this.#store = store;
  }

  /** Signs a token. */
  async issue(claims: TokenClaims, nowMs: number): Promise<IssuedToken> {
    const { namespace, account, bound } = claims;
    const nowSeconds = Math.trunc(nowMs / 1_000);
    const expires = nowSeconds + claims.seconds;
    const bindings = bound === undefined ? {} : { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } };
    const token = await new SignJWT({ [claimsKey]: { namespace, serviceaccount: account, ...bindings } })
      .setProtectedHeader({ alg: algorithm, kid: await this.keyId() })
      .setIssuer(this.issuer)
      .setSubject(`system:serviceaccount:${namespace}:${account.name}`)
      .setAudience([...claims.audiences])
      .setIssuedAt(nowSeconds)
      .setNotBefore(nowSeconds)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(this.#private);
    return { token, expiresMs: expires * 1_000 };
  }

  /** Who a token is, for one of the audiences; undefined when it is not to be believed. */
  async verify(token: string, audiences: readonly string[]): Promise<UserInfo | undefined> {
    const payload = await this.#payloadOf(token);
    if (payload === undefined) return undefined;
    const own = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? []);
    if (!own.some((each) => audiences.includes(each))) return undefined;
    return this.#userOf(payload);
  }

  /** The public key as `/openid/v1/jwks` tells it. */
  async keySet(): Promise<JsonObject> {
    return { keys: [{ ...(await exportJWK(this.#public)), use: 'sig', alg: algorithm, kid: await this.keyId() }] };
  }

  /** Tells keys apart. */
  async keyId(): Promise<string> {
    const { x = '' } = await exportJWK(this.#public);
    return x.slice(0, 16);
  }

  async #payloadOf(token: string): Promise<JWTPayload | undefined> {
    const nowMs = Date.now();
    const believed = this.#believed.get(token);
    if (believed !== undefined && believed.untilMs > nowMs) return believed.payload;
    this.#believed.delete(token);
    try {
      const { payload } = await jwtVerify(token, this.#public, {
        issuer: this.issuer,
        algorithms: [algorithm],
        requiredClaims: ['exp', 'sub', 'aud'],
      });
      const untilMs = Math.min(nowMs + believedMs, (payload.exp ?? 0) * 1_000);
      this.#remember(token, { payload, untilMs });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #remember(token: string, entry: { readonly payload: JWTPayload; readonly untilMs: number }): void {
    if (this.#believed.size >= believedMax) {
      const [oldest] = this.#believed.keys();
      if (oldest !== undefined) this.#believed.delete(oldest);
    }
    this.#believed.set(token, entry);
  }

  /** What the token speaks of must still be there, and still be the same. */
  #userOf(payload: JWTPayload): UserInfo | undefined {
    const claims = (payload[claimsKey] ?? {}) as KubernetesClaims;
    const { namespace = '', serviceaccount, pod, secret, node } = claims;
    const name = serviceaccount?.name ?? '';
    if (!this.#isThere('serviceaccounts', namespace, serviceaccount)) return undefined;
    if (pod !== undefined && !this.#isThere('pods', namespace, pod)) return undefined;
    if (secret !== undefined && !this.#isThere('secrets', namespace, secret)) return undefined;
    if (node !== undefined && pod === undefined && !this.#isThere('nodes', '', node)) return undefined;
    return {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid: serviceaccount?.uid ?? '',
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${payload.jti ?? ''}`],
        ...(pod === undefined
          ? {}
          : { 'authentication.kubernetes.io/pod-name': [pod.name ?? ''], 'authentication.kubernetes.io/pod-uid': [pod.uid ?? ''] }),
      },
    };
  }

  #isThere(resource: string, namespace: string, of: { readonly name?: string; readonly uid?: string } | undefined): boolean {
    const found = this.#store.get({ resource, namespace, name: of?.name ?? '' });
    return found !== undefined && textAt(objectAt(found.json, 'metadata'), 'uid') === of?.uid;
  }
}
