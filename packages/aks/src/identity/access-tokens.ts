/**
 * Access tokens: JSON Web Tokens that the login signs and every other route checks. Claims and error texts are those
 * of Microsoft Entra ID and Azure Resource Manager.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { errors, exportJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { type ArmError, gatewayError } from '../arm/arm-error.ts';

const algorithm = 'RS256';
const keyId = 'weir';

/** For how long a token is good. */
export const tokenSeconds = 3_600;

/** A key for signing, as PEM (PKCS #8). */
export function generateSigningKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What a token says of its holder. */
export interface TokenHolder {
  /** The application's id. */
  readonly application: string;
  readonly tenant: string;
}

/** Signs and checks. */
export class AccessTokens {
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  constructor(key: string) {
    this.#private = createPrivateKey(key);
    this.#public = createPublicKey(this.#private);
  }

  /** A token for one audience. */
  async issue({ application, tenant }: TokenHolder, issuer: string, audience: string): Promise<string> {
    const nowSeconds = Math.trunc(Date.now() / 1_000);
    return await new SignJWT({ appid: application, oid: application, tid: tenant, ver: '1.0' })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: keyId })
      .setIssuer(issuer)
      .setSubject(application)
      .setAudience(audience)
      .setIssuedAt(nowSeconds)
      .setNotBefore(nowSeconds)
      .setExpirationTime(nowSeconds + tokenSeconds)
      .sign(this.#private);
  }

  /** The application that an `Authorization` header speaks for, to one of the audiences; throws 401. */
  async verify(authorization: string | undefined, audiences: readonly string[]): Promise<string> {
    if (authorization === undefined) throw refusal('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw refusal(
        'AuthenticationFailedInvalidHeader',
        "Authentication failed. The 'Authorization' header is provided in an invalid format.",
      );
    }
    const { payload } = await jwtVerify(token, this.#public, {
      algorithms: [algorithm],
      audience: [...audiences],
      requiredClaims: ['exp', 'appid'],
    }).catch((error: unknown) => {
      throw tokenProblem(error);
    });
    return applicationOf(payload);
  }

  /** The public key as a JSON Web Key Set. */
  async keySet(): Promise<object> {
    return { keys: [{ ...(await exportJWK(this.#public)), use: 'sig', alg: algorithm, kid: keyId }] };
  }
}

function applicationOf(payload: JWTPayload): string {
  const application = payload['appid'];
  if (typeof application !== 'string') throw refusal('InvalidAuthenticationToken', 'The access token is invalid.');
  return application;
}

function tokenProblem(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    const expiry = new Date((error.payload.exp ?? 0) * 1_000).toISOString();
    return refusal(
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${expiry}' is earlier than current UTC time '${new Date().toISOString()}'.`,
    );
  }
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return refusal('InvalidAuthenticationTokenAudience', 'The access token has been obtained for wrong audience or resource.');
  }
  return error instanceof errors.JOSEError ? refusal('InvalidAuthenticationToken', 'The access token is invalid.') : error;
}

function refusal(code: string, message: string): ArmError {
  return gatewayError(401, code, message, {
    headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${message}"` },
  });
}
