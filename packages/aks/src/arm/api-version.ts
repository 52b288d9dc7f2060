/** The api-version of a request: every route of Azure Resource Manager needs one, and types know a range of them. */

import { type ArmError, gatewayError } from './arm-error.ts';
import type { ApiVersions } from './arm-message.ts';

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

/** Whether a version is this one or a later one: versions begin with their date. */
export function isSince(version: string, first: string): boolean {
  return dateOf(version) >= dateOf(first);
}

function dateOf(version: string): string {
  return version.slice(0, 10);
}

function invalidText(version: string): string {
  return `The api-version '${version.slice(0, 40)}' is invalid. Valid values have the form 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'.`;
}
