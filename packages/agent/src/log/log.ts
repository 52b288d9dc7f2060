/** The agent's structured log: one JSON object a line on standard error, so many a second at most. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../settings/agent-settings.ts';
import { BoundedLogStream, type LogCounts } from './bounded-log-stream.ts';

export type { Logger } from 'pino';

/** What a logger is made with. */
export interface LogOptions {
  readonly node: string;
  readonly level: LogLevel;
  readonly linesPerSecond: number;
}

/** A logger and what became of its lines. */
export interface AgentLog {
  readonly log: Logger;
  readonly counts: () => LogCounts;
  /** Tells of lines that were left out and not told of yet. */
  readonly flush: () => void;
}

/** A logger; field names are `time`, `level`, `msg`, `node` and what each message adds. */
export function createLog({ node, level, linesPerSecond }: LogOptions): AgentLog {
  const out = destination({ fd: 2, sync: true });
  const stream = new BoundedLogStream({
    linesPerSecond,
    errorLevel: pino.levels.values['error'] ?? 50,
    write: (line) => out.write(line),
    notice: (dropped) => {
      const msg = `more than ${linesPerSecond} lines in a second; some were left out`;
      return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), node, dropped, msg })}\n`;
    },
  });
  const options = {
    level,
    base: { node },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return { log: pino(options, stream), counts: () => stream.counts, flush: () => stream.flush() };
}

/** An error as log fields: its text, and that of its cause. */
export function errorFields(error: unknown): { error: string; cause?: string } {
  if (!(error instanceof Error)) return { error: String(error) };
  return error.cause instanceof Error ? { error: error.message, cause: error.cause.message } : { error: error.message };
}
