/** How an agent is, by its own word. */
import { request } from 'node:http';

/** What is known of an agent: it answers, and whether a whole state is in force. */
export interface AgentStatus {
  readonly answers: boolean;
  readonly ready: boolean;
  readonly dataplane?: string;
  readonly lastError?: string;
  /** Why it is not ready, as it says itself. */
  readonly reason?: string;
  /** How its memory stands to its limit, when it is short. */
  readonly memory?: string;
}

/** Asks the agent behind the socket. Never rejects. */
export function agentStatus(socketPath: string): Promise<AgentStatus> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/v1/health', timeout: 2_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(readHealth(Buffer.concat(chunks).toString('utf8'))));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve({ answers: false, ready: false }));
    call.end();
  });
}

/** What of `GET /v1/health` is shown. */
interface AnsweredHealth {
  readonly ready?: boolean;
  readonly dataplane?: string;
  readonly lastError?: string;
  readonly notReady?: readonly string[];
  readonly memory?: { readonly rssMb: number; readonly limitMb?: number; readonly state: string };
}

function readHealth(text: string): AgentStatus {
  try {
    const { ready, dataplane, lastError, notReady, memory } = JSON.parse(text) as AnsweredHealth;
    const reason = notReady?.[0];
    const isShort = memory !== undefined && memory.state !== 'good';
    return {
      answers: true,
      ready: ready === true,
      ...(dataplane === undefined ? {} : { dataplane }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(reason === undefined ? {} : { reason }),
      ...(isShort ? { memory: `${memory.rssMb} of ${memory.limitMb ?? 0} MB used` } : {}),
    };
  } catch {
    return { answers: true, ready: false };
  }
}
