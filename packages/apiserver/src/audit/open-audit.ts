/** The audit log of a server: its policy and its file. */
import type { AuditPolicy } from '@weir/kube';
import type { RestContext } from '../rest/rest-context.ts';
import { AuditLog } from './audit-log.ts';
import type { AuditWorld } from './request-audit.ts';

/** What is written down of requests, and where. */
export interface AuditOptions {
  readonly policy: AuditPolicy;
  /** The file; older ones lie beside it. */
  readonly path: string;
  /** Told when events are lost, and when no longer. */
  onTrouble(message: string): void;
}

/** What requests are written down with, while the log is open. */
export interface OpenAudit extends AuditWorld {
  /** Writes what is left. */
  close(): void;
}

/** Opens the log. A file that cannot be written is told, and the server goes on. */
export function openAudit(context: RestContext, options: AuditOptions): OpenAudit {
  const log = new AuditLog(options);
  return {
    policy: options.policy,
    registry: context.registry,
    now: () => context.now(),
    write: (line) => log.write(line),
    close: () => log.close(),
  };
}
