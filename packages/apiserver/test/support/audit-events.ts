/** What a server has written into its audit log. */
import { existsSync, readFileSync } from 'node:fs';
import { vi } from 'vitest';

/** One line, as far as tests look at it. */
export interface LoggedEvent {
  readonly kind: string;
  readonly apiVersion: string;
  readonly level: string;
  readonly auditID: string;
  readonly stage: string;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: { readonly username?: string; readonly groups?: readonly string[] };
  readonly impersonatedUser?: { readonly username: string; readonly groups: readonly string[] };
  readonly sourceIPs: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: Readonly<Record<string, string>>;
  readonly responseStatus?: { readonly code: number; readonly status?: string; readonly reason?: string; readonly message?: string };
  readonly requestObject?: { readonly metadata?: Readonly<Record<string, unknown>>; readonly spec?: unknown };
  readonly responseObject?: {
    readonly kind: string;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly items?: readonly { readonly metadata: Readonly<Record<string, unknown>> }[];
  };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** All events so far, the oldest first. */
export function loggedEvents(path: string): readonly LoggedEvent[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LoggedEvent);
}

/** The events of one request, known by its id, when its last stage is there. */
export function eventsOf(path: string, id: string, last = 'ResponseComplete'): Promise<readonly LoggedEvent[]> {
  return vi.waitFor(
    () => {
      const events = loggedEvents(path).filter(({ auditID }) => auditID === id);
      if (events.at(-1)?.stage !== last) throw new Error(`no ${last} of ${id} among ${JSON.stringify(events)}`);
      return events;
    },
    { timeout: 20_000, interval: 20 },
  );
}
