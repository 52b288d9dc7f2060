/** The administrator of Windows nodes: rules for name and password (reference §4.2). The password is never kept. */
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { type ArmError, providerError } from '../arm/arm-error.ts';

/** What is kept and shown. */
export interface WindowsProfile {
  readonly adminUsername: string;
  readonly enableCSIProxy: boolean;
  /** `Windows_Server` brings a licence along; absent: none was spoken of. */
  readonly licenseType?: string;
}

const forbiddenNames = new Set(
  `administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console david guest
   john owner root server sql support support_388945a0 sys test2 test3 user4 user5`.split(/\s+/),
);
/** The passwords that Azure forbids by name are shorter than the least, all of them. */
const passwordLength = { min: 14, max: 123 };
const licenses = ['None', 'Windows_Server'];
const documentation =
  'Please see https://docs.microsoft.com/en-us/rest/api/compute/virtualmachinescalesets/createorupdate#virtualmachinescalesetosprofile';

/**
 * The profile that a request asks for. With the plugin azure named, AKS fills one in when it is left out; otherwise a
 * cluster without it cannot have Windows pools. Throws 400.
 */
export function readWindowsProfile(
  properties: JsonObject,
  isAzurePluginNamed: boolean,
  current: WindowsProfile | undefined,
): WindowsProfile | undefined {
  const asked = objectAt(properties, 'windowsProfile');
  if (asked === undefined) return current ?? (isAzurePluginNamed ? { adminUsername: 'azureuser', enableCSIProxy: true } : undefined);
  const adminUsername = textAt(asked, 'adminUsername') || (current?.adminUsername ?? 'azureuser');
  const { adminPassword, enableCSIProxy } = asked;
  const problem =
    usernameProblem(adminUsername) ?? (adminPassword === undefined || adminPassword === null ? undefined : passwordProblem(adminPassword));
  if (problem !== undefined) throw problem;
  if (current !== undefined && current.adminUsername !== adminUsername) {
    const property = 'windowsProfile.adminUsername';
    throw providerError(400, 'PropertyChangeNotAllowed', `Changing property '${property}' is not allowed.`, { target: property });
  }
  const licenseType = textAt(asked, 'licenseType') || current?.licenseType;
  if (licenseType !== undefined && !licenses.includes(licenseType)) {
    const message = `The value of parameter windowsProfile.licenseType is invalid: '${licenseType.slice(0, 40)}'. Allowed values: ${licenses.join(', ')}.`;
    throw providerError(400, 'InvalidParameter', message, { target: 'windowsProfile.licenseType' });
  }
  return {
    adminUsername,
    enableCSIProxy: typeof enableCSIProxy === 'boolean' ? enableCSIProxy : (current?.enableCSIProxy ?? true),
    ...(licenseType === undefined ? {} : { licenseType }),
  };
}

function usernameProblem(name: string): ArmError | undefined {
  const refuse = (why: string): ArmError =>
    providerError(400, 'InvalidParameter', `Invalid adminUsername. Error: ${why} ${documentation}`, {
      target: 'windowsProfile.adminUsername',
    });
  if (name.length > 20) return refuse('The username is longer than 20 characters.');
  if (name.endsWith('.')) return refuse('The username ends with a period.');
  if (/[\\/"[\]:|<>+=;,?*@&\s]/.test(name)) return refuse('The username has characters that are not allowed.');
  return forbiddenNames.has(name.toLowerCase()) ? refuse('The username is not allowed.') : undefined;
}

function passwordProblem(password: unknown): ArmError | undefined {
  const refuse = (why: string): ArmError =>
    providerError(400, 'WindowsProfilePasswordInvalid', `Invalid adminPassword. Error: ${why} ${documentation}`, {
      target: 'windowsProfile.adminPassword',
    });
  if (typeof password !== 'string' || password.length < passwordLength.min || password.length > passwordLength.max) {
    return refuse(
      `Length of password is invalid. Required length: [${passwordLength.min}, ${passwordLength.max}]. Minimum password length required by AKS for AzSecPack is longer.`,
    );
  }
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[\W_]/].filter((kind) => kind.test(password)).length;
  return kinds < 3
    ? refuse('Password must have 3 of the following: 1 lower case character, 1 upper case character, 1 number, and 1 special character.')
    : undefined;
}
