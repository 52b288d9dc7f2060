/** Long-running operations as Azure Resource Manager tells of them (reference §3.3). */
import { type ArmError } from '../arm/arm-error.ts';

/** How far an operation is. */
type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

/** The document of one operation. */
export interface Operation {
  readonly id: string;
  readonly subscription: string;
  readonly location: string;
  /** The key of the resource that it changes; no second operation begins on it. */
  readonly resource: string;
  /** What it does, for the refusal of a second one: `nodepool1 - Updating`. */
  readonly what: string;
  readonly status: OperationStatus;
  /** ISO 8601. */
  readonly startTime: string;
  readonly endTime?: string;
  readonly error?: { readonly code: string; readonly message: string };
  /** What it has found out: the `properties` of the document, and what a GET of the result answers; absent: nothing. */
  readonly result?: unknown;
}

/** The document as the status answers show it. */
export function describeOperation({ id, status, startTime, endTime, error, result }: Operation): object {
  return {
    name: id,
    status,
    startTime,
    ...(endTime === undefined ? {} : { endTime }),
    ...(error === undefined ? {} : { error }),
    ...(result === undefined ? {} : { properties: result }),
  };
}

/** The end of an operation that the process did not live to see. */
export function interruptedOperation(operation: Operation): Operation {
  const message = 'The operation was cut off: the server ended while it ran. Run the command again.';
  return { ...operation, status: 'Failed', endTime: new Date().toISOString(), error: { code: 'OperationInterrupted', message } };
}

/** The end of an operation that somebody has aborted. */
export function canceledOperation(operation: Operation): Operation {
  const message = 'The operation was aborted. It stopped where it was: run the command again to complete it.';
  return { ...operation, status: 'Canceled', endTime: new Date().toISOString(), error: { code: 'OperationCanceled', message } };
}

/** The end of an operation that failed. */
export function failedOperation(operation: Operation, error: Pick<ArmError, 'code' | 'message'>): Operation {
  return { ...operation, status: 'Failed', endTime: new Date().toISOString(), error: { code: error.code, message: error.message } };
}
