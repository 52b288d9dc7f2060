/** Where clients ask how far an operation is, and the headers that tell them where. */

import { gatewayError } from '../arm/arm-error.ts';
import { type ArmRequest, type ArmResponse, type ArmRoute, ok } from '../arm/arm-message.ts';
import { containerService, subscriptionId } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { describeOperation, type Operation } from './operation.ts';
import type { OperationRunner } from './operation-runner.ts';

/** The clients' default is 30 s, and 0 counts as none. */
const retryHeaders = { 'retry-after': '1' } as const;
/** What the URLs of operations name; clients send it back, and nobody looks at it. */
const urlVersion = '2016-03-30';

/** The headers of the first answer. */
export function operationHeaders(
  base: string,
  operation: Operation,
  kinds: readonly ('status' | 'result')[],
): Readonly<Record<string, string>> {
  return {
    ...retryHeaders,
    ...(kinds.includes('status') ? { 'azure-asyncoperation': urlOf(base, operation, 'operations') } : {}),
    ...(kinds.includes('result') ? { location: urlOf(base, operation, 'operationresults') } : {}),
  };
}

/** Adds both routes; an operation is told to who knows its id and the subscription. */
export function addOperationRoutes(routes: RouteTable<ArmRoute>, runner: OperationRunner): void {
  const below = `/subscriptions/{subscription}/providers/${containerService}/locations/{location}`;
  routes.add(`GET ${below}/operations/{operation}`, {
    open: false,
    handle: (request) => {
      const operation = operationOf(request, runner);
      return { ...ok(describeOperation(operation)), headers: operation.status === 'InProgress' ? retryHeaders : {} };
    },
  });
  for (const path of [`${below}/operationresults/{operation}`, '/subscriptions/{subscription}/operationresults/{operation}']) {
    routes.add(`GET ${path}`, { open: false, handle: (request) => resultOf(request, operationOf(request, runner)) });
  }
}

function resultOf({ base }: ArmRequest, operation: Operation): ArmResponse {
  if (operation.status === 'InProgress') return { status: 202, headers: operationHeaders(base, operation, ['result']) };
  const { error } = operation;
  if (error !== undefined) throw gatewayError(409, error.code, error.message);
  return operation.result === undefined ? { status: 204 } : ok(operation.result);
}

function operationOf({ parameters }: ArmRequest, runner: OperationRunner): Operation {
  const { operation: id = '', subscription = '' } = parameters;
  const operation = runner.get(id);
  if (operation !== undefined && operation.subscription === subscription.toLowerCase()) return operation;
  throw gatewayError(404, 'OperationNotFound', `The operation '${id.slice(0, 80)}' could not be found.`);
}

function urlOf(base: string, { id, subscription, location }: Operation, kind: string): string {
  return `${base}${subscriptionId(subscription)}/providers/${containerService}/locations/${location}/${kind}/${id}?api-version=${urlVersion}`;
}
