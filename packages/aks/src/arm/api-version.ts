/** The api-version of a request: every route of Azure Resource Manager needs one, and types know a range of them. */

import { type ArmError, gatewayError } from './arm-error.ts';
import type { ApiVersions } from './arm-message.ts';

const dateLength = '2024-05-01'.length;
const form = /^\d{4}-\d{2}-\d{2}(-preview|-beta|-alpha)?$/;

/** Why a version is refused; undefined when it is served. */
export function apiVersionProblem(version: string | null, versions: ApiVersions, location: string): ArmError | undefined {
  if (version === null || version === '') {
    return gatewayError(400, 'MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required for all requests.');
  }
  if (!form.test(version)) return gatewayError(400, 'InvalidApiVersionParameter', invalidText(version));
  const date = dateOf(version);
  if (date >= versions.first && date <= versions.last) return undefined;
  return gatewayError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '${location}' and API version '${version}' for type '${versions.type}'. The supported api-versions are '${versions.first}' to '${versions.last}'. The supported locations are listed by 'az provider show --namespace ${versions.namespace}'.`,
  );
}

/** The dates of the first preview and the first stable version that have something. */
export interface FirstVersions {
  readonly preview: string;
  readonly stable: string;
}

/** Whether a version has what these are the first ones of: a stable version has it later than previews of its days. */
export function isSince(version: string, { preview, stable }: FirstVersions): boolean {
  return dateOf(version) >= (version.length > dateLength ? preview : stable);
}

function dateOf(version: string): string {
  return version.slice(0, dateLength);
}

function invalidText(version: string): string {
  return `The api-version '${version.slice(0, 40)}' is invalid. Valid values have the form 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'.`;
}
