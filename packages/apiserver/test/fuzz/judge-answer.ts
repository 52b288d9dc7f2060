/** What no answer may be, whatever was asked. */
import http from 'node:http';
import { parse } from 'yaml';
import type { Sender } from './hostile-requests.ts';

/** An answer as far as it is judged; a stream counts with its beginning. */
export interface JudgedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  readonly isStream: boolean;
}

/** What is known of the server. */
export interface JudgedBy {
  readonly sender: Sender;
  readonly method: string;
  readonly canary: string;
  /** Whether the store has changed since the request was sent. */
  readonly hasWritten: boolean;
}

/** What is wrong with the answer, or undefined. */
export function problemOf(answer: JudgedAnswer, { sender, method, canary, hasWritten }: JudgedBy): string | undefined {
  const { status, text, isStream } = answer;
  if (isUpstreams(status, text)) return undefined;
  if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`;
  const isKnown = sender === 'admin' || sender === 'reader';
  if (!isKnown && status !== 401) return `a stranger is answered ${status}`;
  if (!isKnown && hasWritten) return 'a stranger has written';
  if (sender !== 'admin' && text.includes(canary)) return 'an answer gives away what its reader may not see';
  if (status >= 400 && hasWritten) return `it has written, and the answer is ${status}: ${text.slice(0, 300)}`;
  const illegal = illegalHeader(answer);
  if (illegal !== undefined) return illegal;
  return isStream || method === 'HEAD' ? undefined : bodyProblem(answer);
}

/** Answers beyond 499 that the real server gives to mistakes of clients as well. */
function isUpstreams(status: number, text: string): boolean {
  if (status === 504) return text === '' || text.includes('Too large resource version');
  return status === 500 && failuresOfUpstream.some((each) => text.includes(each));
}

const failuresOfUpstream = [
  'resourceVersion should not be set on objects to be created',
  'error dialing backend',
  'failed to create typed patch object',
  'does not contain declared merge key',
  'unknown patch type',
];

function illegalHeader({ headers }: JudgedAnswer): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    try {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, String(value ?? ''));
    } catch (error) {
      return `header ${name}: ${String(error)}`;
    }
  }
  return undefined;
}

/** A failure is a Status that says the same code, in the format that the answer names. */
function bodyProblem({ status, headers, text }: JudgedAnswer): string | undefined {
  if (status < 400) return undefined;
  const type = String(headers['content-type'] ?? '');
  if (type === 'application/vnd.kubernetes.protobuf') {
    return /^k8s\0[^]*Status[^]*Failure/.test(text) ? undefined : `the body of ${status} is no Status in protobuf`;
  }
  try {
    const { kind, code } = (type === 'application/yaml' ? parse(text) : JSON.parse(text)) as { kind?: unknown; code?: unknown };
    return kind === 'Status' && code === status ? undefined : `the body of ${status} is no Status of that code: ${text.slice(0, 300)}`;
  } catch {
    return `the body of ${status} is not what its type ${type} says: ${text.slice(0, 300)}`;
  }
}
