/** Signing in with a secret (RFC 6749 §4.4) and who one is then, from az's files or from the endpoint of this machine. */
import { isJsonObject, type JsonObject, textAt } from '@weir/kube';
import { AzError, refused } from '../az-error.ts';
import type { AzDirectory, ProfileSubscription } from './az-directory.ts';
import { type CloudAccount, isOnThisMachine } from './cloud-account.ts';
import { sendHttps } from './https-request.ts';

/** The version of the API of subscriptions. */
export const subscriptionsVersion = '2022-12-01';

/** Who is signed in, with the subscription that commands are about. */
export interface SignedIn {
  readonly account: CloudAccount;
  readonly subscription: ProfileSubscription;
}

/** An access token for the endpoint. Throws {@link AzError} with the server's description. */
export async function fetchToken({ base, authority, application, secret }: CloudAccount): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: application, client_secret: secret, scope: `${base}//.default` };
  const answer = await sendHttps(`${base}/adfs/oauth2/v2.0/token`, {
    method: 'POST',
    authority,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  const document = parsedObject(answer.text);
  const token = textAt(document, 'access_token');
  if (token !== '') return token;
  const description = textAt(document, 'error_description') || `Signing in at ${base} was refused with status ${answer.status}`;
  throw new AzError(1, description, ['Interactive authentication is needed. Please run:', 'az login']);
}

/** The subscriptions of who holds a token, as az keeps them. */
export async function fetchSubscriptions(account: CloudAccount, token: string): Promise<readonly ProfileSubscription[]> {
  const { base, authority, tenant, application, cloud } = account;
  const answer = await sendHttps(`${base}/subscriptions?api-version=${subscriptionsVersion}`, {
    method: 'GET',
    authority,
    headers: { authorization: `Bearer ${token}` },
  });
  const { value } = parsedObject(answer.text);
  const items = Array.isArray(value) ? value.filter(isJsonObject) : [];
  if (items.length === 0) throw refused(`No subscriptions found for ${application}.`);
  return items.map((item, index) => ({
    id: textAt(item, 'subscriptionId'),
    name: textAt(item, 'displayName'),
    state: textAt(item, 'state'),
    user: { name: application, type: 'servicePrincipal' },
    isDefault: index === 0,
    tenantId: tenant,
    environmentName: cloud,
    homeTenantId: textAt(item, 'tenantId'),
    managedByTenants: Array.isArray(item['managedByTenants']) ? item['managedByTenants'] : [],
  }));
}

/** The cloud that a directory's commands go to, with its authority. Throws for one that is not on this machine. */
export function activeCloud(directory: AzDirectory): Pick<CloudAccount, 'cloud' | 'base' | 'authority'> {
  const { cloud } = directory;
  const base = directory.clouds[cloud]?.['endpoint_resource_manager']?.replace(/\/+$/, '') ?? '';
  if (!isOnThisMachine(base)) {
    throw new AzError(1, `The active cloud '${cloud}' is not an endpoint of this machine, and weir az speaks to no other.`, [
      `Run 'eval "$(weir az-login)"', or unset AZURE_CONFIG_DIR.`,
    ]);
  }
  return { cloud, base, authority: directory.authority };
}

/** Who is signed in according to a directory. Throws az's own text when nobody is. */
export function signedIn(directory: AzDirectory): SignedIn {
  const { subscriptions = [], cloud } = directory;
  const subscription = subscriptions.find(({ isDefault, environmentName }) => isDefault && environmentName === cloud);
  if (subscription === undefined) throw notSignedIn();
  const { user, tenantId: tenant } = subscription;
  const secret = directory.secretOf(user.name);
  if (secret === undefined) throw notSignedIn();
  return { account: { ...activeCloud(directory), application: user.name, secret, tenant }, subscription };
}

/** Nobody is signed in. */
export function notSignedIn(): AzError {
  return refused("Please run 'az login' to setup account.");
}

/** There is no such subscription. */
export function noSubscription(wished: string): AzError {
  return refused(`Subscription '${wished}' not found. Check the spelling and casing and try again.`);
}

function parsedObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
