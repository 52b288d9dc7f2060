/**
 * Signing in: the documents that a client looks up first, and tokens for client credentials (RFC 6749 §4.4, in the
 * words of Microsoft Entra ID). Any tenant is this one.
 */
import { randomUUID } from 'node:crypto';
import type { ArmHandler, ArmRequest, ArmResponse, ArmRoute } from '../arm/arm-message.ts';
import { ok } from '../arm/arm-message.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { type AccessTokens, tokenSeconds } from './access-tokens.ts';
import { audiencesOf, cloudMetadata } from './cloud-metadata.ts';
import { isSecretOf, type ServicePrincipal } from './service-principals.ts';

/** What the routes answer from. */
export interface LoginSource {
  readonly tokens: AccessTokens;
  readonly tenant: string;
  readonly principals: () => readonly ServicePrincipal[];
}

/** Adds the routes that need no token. */
export function addLoginRoutes(routes: RouteTable<ArmRoute>, source: LoginSource): void {
  const open = (route: string, handle: ArmHandler): void => routes.add(route, { handle, open: true });
  open('GET /metadata/endpoints', ({ base }) => ok(cloudMetadata(base)));
  for (const path of ['adfs', 'adfs/{tenant}', 'adfs/{tenant}/v2.0', '{tenant}/v2.0', '{tenant}']) {
    open(`GET /${path}/.well-known/openid-configuration`, ({ base }) => ok(openidConfiguration(base)));
  }
  open('GET /adfs/discovery/keys', async () => ok(await source.tokens.keySet()));
  for (const path of ['adfs/oauth2/v2.0/token', 'adfs/oauth2/token', '{tenant}/oauth2/v2.0/token']) {
    open(`POST /${path}`, (request) => giveToken(request, source));
  }
}

function openidConfiguration(base: string): object {
  const issuer = `${base}/adfs`;
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/v2.0/authorize`,
    token_endpoint: `${issuer}/oauth2/v2.0/token`,
    device_authorization_endpoint: `${issuer}/oauth2/v2.0/devicecode`,
    jwks_uri: `${issuer}/discovery/keys`,
    response_types_supported: ['code', 'token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

async function giveToken({ base, text }: ArmRequest, { tokens, tenant, principals }: LoginSource): Promise<ArmResponse> {
  const form = new URLSearchParams(text);
  const grant = form.get('grant_type');
  if (grant !== 'client_credentials') {
    return refused(
      400,
      'unsupported_grant_type',
      'AADSTS70003: The app requested an unsupported grant type: sign in with --service-principal.',
    );
  }
  const application = form.get('client_id') ?? '';
  const principal = principals().find((each) => each.application.toLowerCase() === application.toLowerCase());
  if (principal === undefined) {
    const message = `AADSTS700016: Application with identifier '${application.slice(0, 80)}' was not found in the directory '${tenant}'.`;
    return refused(400, 'unauthorized_client', message);
  }
  if (!isSecretOf(principal, form.get('client_secret') ?? '')) {
    const message = `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${principal.application}'.`;
    return refused(401, 'invalid_client', message);
  }
  const audience = audienceOf(form, base);
  if (audience === undefined)
    return refused(400, 'invalid_resource', 'AADSTS500011: The resource principal named in the scope was not found in the tenant.');
  const token = await tokens.issue({ application: principal.application, tenant }, `${base}/adfs`, audience);
  return ok({ token_type: 'Bearer', expires_in: tokenSeconds, ext_expires_in: tokenSeconds, access_token: token });
}

/** The resource that a scope (`RESOURCE/.default`) or the older `resource` names, when it is one of ours. */
function audienceOf(form: URLSearchParams, base: string): string | undefined {
  const scope = form
    .get('scope')
    ?.split(' ')
    .find((each) => each.endsWith('/.default'));
  const named = scope === undefined ? form.get('resource') : scope.slice(0, -'/.default'.length);
  const known = [...audiencesOf(base), `${base}/graph/`, `${base}/msgraph/`];
  return known.find((each) => each === named || each === `${named}/`);
}

function refused(status: number, error: string, description: string): ArmResponse {
  const ids = { trace_id: randomUUID(), correlation_id: randomUUID(), timestamp: new Date().toISOString() };
  return { status, body: { error, error_description: description, ...ids } };
}
