/** OpenID discovery of the issuer of service-account tokens: what others need to verify them (KEP-1393). */
import type { ApiHandler } from '../server/api-message.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** Answers the two paths. */
export async function makeIssuerHandler(tokens: ServiceAccountTokens): Promise<ApiHandler> {
  const keySet = await tokens.keySet();
  const configuration = {
    issuer: tokens.issuer,
    jwks_uri: `${tokens.issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  return ({ method, path }) => {
    if (method !== 'GET') return undefined;
    if (path === '/.well-known/openid-configuration') return { kind: 'json', status: 200, body: configuration };
    if (path === '/openid/v1/jwks') return { kind: 'json', status: 200, body: keySet, contentType: 'application/jwk-set+json' };
    return undefined;
  };
}
