/** `az login`, `az logout` and `az account`: who is signed in. */
import { isJsonObject, type JsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import { type AzCommand, subscription } from '../command-line/az-command.ts';
import { holds, shape, shaped } from '../models/resource-shape.ts';
import type { ProfileSubscription } from '../session/az-directory.ts';
import {
  activeCloud,
  fetchSubscriptions,
  fetchToken,
  noSubscription,
  notSignedIn,
  type SignedIn,
  subscriptionsVersion,
} from '../session/sign-in.ts';

/** A region, without what only newer versions tell. */
const regionShape = shape('id subscriptionId name type displayName regionalDisplayName metadata', {
  metadata: holds.one(shape('regionType regionCategory geographyGroup longitude latitude physicalLocation pairedRegion')),
});

const columns = ['Name', 'CloudName', 'SubscriptionId', 'TenantId', 'State', 'IsDefault'];

/** The commands. */
export const accountCommands: readonly AzCommand[] = [
  {
    words: 'login',
    summary: 'Sign in as an application',
    arguments: [
      flag('--service-principal', 'As an application: there are no people to sign in as'),
      argument('--username -u', "The application's id"),
      argument('--password -p', 'Its secret, or @ and the file that holds it'),
      argument('--tenant -t', 'The tenant'),
      flag('--allow-no-subscriptions', 'Also without a subscription'),
    ],
    examples: ['az login --service-principal -u APPLICATION -p @secret --tenant TENANT'],
    table: accountTable,
    run: async ({ given, terminal, directory, machineCloud }) => {
      if (!given.flag('servicePrincipal')) {
        throw refused(
          'There is no browser to sign in with on this machine: az login --service-principal -u APPLICATION -p SECRET --tenant TENANT',
        );
      }
      const [application, tenant] = [given.text('username'), given.text('tenant')];
      if (application === undefined) throw refused('usage error: --service-principal --username NAME --password SECRET --tenant TENANT');
      const secret = given.text('password') ?? (await terminal.secret('Password: '));
      if (secret === undefined) throw refused('Please specify both username and password in non-interactive mode.');
      const cloud = directory.isOwn ? await machineCloud() : activeCloud(directory);
      const account = { ...cloud, application, secret, tenant: tenant ?? application };
      const subscriptions = await fetchSubscriptions(account, await fetchToken(account));
      directory.keepSecret(account.tenant, application, secret);
      directory.keepSubscriptions(subscriptions);
      return subscriptions.map(listed);
    },
  },
  {
    words: 'logout',
    summary: 'Sign out',
    arguments: [argument('--username', 'Who signs out; who is signed in when left out')],
    run: ({ given, directory }) => {
      const known = directory.subscriptions ?? [];
      const leaving = given.text('username') ?? known.find(({ isDefault }) => isDefault)?.user.name;
      if (leaving === undefined && !directory.isOwn) throw notSignedIn();
      directory.keepSubscriptions(known.filter(({ user }) => user.name !== leaving));
      directory.forgetSecrets();
      return Promise.resolve(undefined);
    },
  },
  {
    words: 'account clear',
    summary: 'Sign everybody out',
    arguments: [],
    run: ({ directory }) => {
      directory.keepSubscriptions([]);
      directory.forgetSecrets();
      return Promise.resolve(undefined);
    },
  },
  {
    words: 'account list-locations',
    summary: 'List the regions of the subscription',
    arguments: [subscription],
    table: (result) => (Array.isArray(result) ? result.filter(isJsonObject).map(regionRow) : []),
    run: async ({ arm }) => (await (await arm()).list('/locations', subscriptionsVersion)).map((region) => shaped(region, regionShape)),
  },
  {
    words: 'account list',
    summary: 'List the subscriptions of who is signed in',
    arguments: [flag('--all', 'Those of other clouds, too'), flag('--refresh', 'Ask the server')],
    table: accountTable,
    run: async ({ given, terminal, directory, signedIn }) => {
      if (directory.isOwn && directory.subscriptions === undefined) await signedIn();
      const known = directory.subscriptions ?? [];
      const shown =
        given.flag('all') || directory.isOwn ? known : known.filter(({ environmentName }) => environmentName === directory.cloud);
      if (shown.length === 0) terminal.warn('Please run "az login" to access your accounts.');
      return shown.map(listed);
    },
  },
  {
    words: 'account show',
    summary: 'Show the subscription that commands are about',
    arguments: [argument('--subscription --name -n -s', 'Name or id of another one')],
    run: async ({ given, signedIn, directory }) => {
      const { subscription: current } = await signedIn();
      const wished = given.text('subscription');
      if (wished === undefined) return current;
      const found = named(directory.subscriptions ?? [current], wished);
      if (found === undefined) throw noSubscription(wished);
      return found;
    },
  },
  {
    words: 'account set',
    summary: 'Choose the subscription that commands are about',
    arguments: [argument('--subscription --name -n -s', 'Name or id of the subscription', { isRequired: true })],
    run: async ({ given, directory, signedIn }) => {
      const { subscription: current } = await signedIn();
      const known = directory.subscriptions ?? [];
      const wished = given.required('subscription');
      const chosen = named(known, wished);
      if (chosen === undefined) throw refused(`The subscription of '${wished}' doesn't exist in cloud '${current.environmentName}'.`);
      directory.keepSubscriptions(known.map((each) => ({ ...each, isDefault: each === chosen })));
      return undefined;
    },
  },
  {
    words: 'account get-access-token',
    summary: 'Print a token for the endpoint',
    arguments: [argument('--resource', 'What the token is for'), argument('--tenant -t', 'The tenant'), subscription],
    run: async ({ signedIn }) => {
      const { account, subscription: about }: SignedIn = await signedIn();
      const accessToken = await fetchToken(account);
      return { accessToken, expiresOn: expiryOf(accessToken), subscription: about.id, tenant: account.tenant, tokenType: 'Bearer' };
    },
  },
];

/** az calls the cloud `cloudName` in lists. */
function listed({ environmentName, ...rest }: ProfileSubscription): object {
  return { ...rest, cloudName: environmentName };
}

function named(known: readonly ProfileSubscription[], wished: string): ProfileSubscription | undefined {
  return known.find(({ id, name }) => [id.toLowerCase(), name.toLowerCase()].includes(wished.toLowerCase()));
}

function accountTable(result: unknown): unknown {
  const row = ({ name, cloudName, id, tenantId, state, isDefault }: Readonly<Record<string, unknown>>): object => {
    const values = [name, cloudName, id, tenantId, state, isDefault];
    return Object.fromEntries(columns.map((column, at) => [column, values[at]]));
  };
  return (result as readonly Readonly<Record<string, unknown>>[]).map(row);
}

function regionRow({ displayName, name, regionalDisplayName }: JsonObject): object {
  return { displayName, name, regionalDisplayName };
}

/** When a token ends, in local time, as az prints it. */
function expiryOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { exp: number };
  const at = new Date(claims.exp * 1_000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}.000000`;
}
