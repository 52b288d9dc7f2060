/** The agent's structured log: one JSON object a line on standard error. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './settings/agent-settings.ts';

export type { Logger } from 'pino';

/** A logger; field names are `time`, `level`, `msg`, `node` and what each message adds. */
export function createLogger(node: string, level: LogLevel): Logger {
  return pino(
    { level, base: { node }, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination({ fd: 2, sync: true }),
  );
}

/** An error as log fields: its text, and that of its cause. */
export function errorFields(error: unknown): { error: string; cause?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  return error.cause instanceof Error ? { error: error.message, cause: error.cause.message } : { error: error.message };
}
