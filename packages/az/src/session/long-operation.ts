/**
 * Long operations: asks how far one is until it has ended, as the SDK of az does (reference: azure-core's pollers).
 * `Azure-AsyncOperation` goes before `Location`; a resource that was PUT is read again at the end.
 */
import { isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import { AzError } from '../az-error.ts';
import type { ArmAnswer, ArmClient } from './arm-client.ts';
import { renderError, serverError } from './server-error.ts';

/** How an operation ended. */
export interface EndedOperation {
  /** The resource as it is now, or what the operation answers; undefined when nothing does. */
  readonly result: unknown;
  /** What the operation's document tells beside its status. */
  readonly told: JsonObject;
}

/** What the SDK waits between two questions when nobody says how long. */
const unsaidMs = 30_000;

/** Waits for the end of what `first` began. Throws {@link AzError} when it fails. */
export async function endOf(arm: ArmClient, first: ArmAnswer, isPut: boolean): Promise<EndedOperation> {
  const { 'azure-asyncoperation': statusUrl, location } = first.headers;
  arm.terminal.progress(' - Starting ..');
  try {
    if (statusUrl !== undefined) return await endOfStatus(arm, first, { statusUrl, isPut, location });
    if (location !== undefined) return { result: await endOfLocation(arm, location), told: {} };
  } catch (error) {
    throw arm.isInterrupted ? new AzError(1, 'Long-running operation wait cancelled.') : error;
  } finally {
    arm.terminal.progress('');
  }
  return { result: first.json, told: {} };
}

interface StatusSource {
  readonly statusUrl: string;
  readonly isPut: boolean;
  readonly location: string | undefined;
}

async function endOfStatus(arm: ArmClient, first: ArmAnswer, { statusUrl, isPut, location }: StatusSource): Promise<EndedOperation> {
  for (;;) {
    const answer = await arm.send({ method: 'GET', path: statusUrl });
    const document = isJsonObject(answer.json) ? answer.json : {};
    const status = textAt(document, 'status');
    if (status === '') throw new AzError(1, 'Operation returned an invalid status: no status found in body');
    if (status.toLowerCase() === 'succeeded') {
      const result = isPut
        ? (await arm.send({ method: 'GET', path: first.url })).json
        : location === undefined
          ? undefined
          : (await arm.send({ method: 'GET', path: location })).json;
      return { result, told: objectAt(document, 'properties') ?? {} };
    }
    if (['failed', 'canceled'].includes(status.toLowerCase())) throw failure(document, status);
    arm.terminal.progress(` - ${status} ..`);
    await arm.pause(pauseMs(answer));
  }
}

async function endOfLocation(arm: ArmClient, location: string): Promise<unknown> {
  for (;;) {
    const answer = await arm.ask({ method: 'GET', path: location });
    if (answer.status >= 400) throw serverError(answer.status, answer.statusText, answer.text);
    if (answer.status !== 202) return answer.json;
    arm.terminal.progress(' - Running ..');
    await arm.pause(pauseMs(answer));
  }
}

function failure(document: JsonObject, status: string): AzError {
  const error = objectAt(document, 'error');
  return new AzError(1, error === undefined ? `Operation returned an invalid status '${status}'` : renderError(error));
}

/** A zero counts as nothing said. */
function pauseMs({ headers }: ArmAnswer): number {
  return Number(headers['retry-after']) * 1_000 || unsaidMs;
}
