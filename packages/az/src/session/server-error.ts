/** A server's refusal in the words of az: `(Code) message`, then code, message and target again, then what lies below. */
import { isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import { AzError } from '../az-error.ts';

/** The refusal that an answer holds; 404 is exit code 3, whatever route gave it. */
export function serverError(status: number, statusText: string, body: string): AzError {
  const parsed = parsedObject(body);
  // The gateway nests the error; AKS does not.
  const error = objectAt(parsed, 'error') ?? parsed;
  const exitCode = status === 404 ? 3 : 1;
  if (error === undefined || textAt(error, 'code') === '') {
    const content = body === '' ? '' : `\nContent: ${body.slice(0, 2_000)}`;
    return new AzError(exitCode, `Operation returned an invalid status '${statusText}'${content}`);
  }
  return new AzError(exitCode, renderError(error));
}

/** `{code, message, target, details}` as az prints it. */
export function renderError(error: JsonObject): string {
  const [code, message, target] = [textAt(error, 'code'), textAt(error, 'message'), textAt(error, 'target')];
  const lines = [`(${code}) ${message}`, `Code: ${code}`, `Message: ${message}`];
  if (target !== '') lines.push(`Target: ${target}`);
  const { details } = error;
  if (Array.isArray(details) && details.length > 0) {
    const below = details.filter(isJsonObject).map((each) => indented(renderError(each)));
    lines.push(`Exception Details:${below.join('')}`);
  }
  return lines.join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `\t${line}`)
    .join('\n');
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
