/**
 * Commands that run in a pod of a cluster. What they said may be a secret, so it is kept in memory alone, for the
 * newest of them: a server that starts again knows none.
 */
import { randomBytes } from 'node:crypto';
import type { ArchivedFile } from '@weir/kube';
import { gatewayError, providerError } from '../arm/arm-error.ts';
import type { ClusterHost } from './cluster-host.ts';
import { checkRuns } from './cluster-power.ts';
import type { ClusterName, ClusterStore } from './cluster-store.ts';
import { readZip, ZipError } from './read-zip.ts';

/** A command, and its end once it has come to it. */
export interface RunningCommand {
  /** 32 hexadecimal digits: az takes nothing but letters and digits. */
  readonly id: string;
  readonly startedAt: string;
  readonly ended?: EndedCommand;
}

/** How it ended: with an exit code, or not at all with a reason. */
type EndedCommand = { readonly finishedAt: string } & (
  | { readonly state: 'Succeeded'; readonly exitCode: number; readonly logs: string }
  | { readonly state: 'Failed'; readonly reason: string }
);

/** The files become one Secret, which may have a mebibyte. */
const filesBounds = { files: 200, bytes: 768 * 1024 };
const commandLengthMax = 64 * 1024;
const kept = 64;

/** Begins commands and tells of them. */
export class CommandService {
  readonly #store: ClusterStore;
  readonly #host: ClusterHost;
  readonly #commands = new Map<string, RunningCommand>();

  constructor(store: ClusterStore, host: ClusterHost) {
    this.#store = store;
    this.#host = host;
  }

  /** Begins one; `context` is a ZIP archive in base64, or ''. Throws 400 and 404. */
  run(named: ClusterName, command: string, context: string): RunningCommand {
    const cluster = this.#store.get(named);
    checkRuns(cluster);
    if (command.trim() === '' || command.length > commandLengthMax) {
      const message = `The value of parameter command is invalid: a command has 1 to ${commandLengthMax} characters.`;
      throw providerError(400, 'InvalidParameter', message, { target: 'command' });
    }
    const files = filesOf(context);
    const begun: RunningCommand = { id: randomBytes(16).toString('hex'), startedAt: new Date().toISOString() };
    this.#keep(cluster, begun);
    void this.#host.run(cluster, { id: begun.id, command, files }).then(
      ({ exitCode, logs }) => this.#end(cluster, begun, { state: 'Succeeded', exitCode, logs }),
      (error: unknown) => this.#end(cluster, begun, { state: 'Failed', reason: error instanceof Error ? error.message : String(error) }),
    );
    return begun;
  }

  /** Throws 404. */
  get(named: ClusterName, id: string): RunningCommand {
    const command = this.#commands.get(this.#keyOf(this.#store.get(named), id));
    if (command !== undefined) return command;
    throw gatewayError(
      404,
      'ResourceNotFound',
      `The command '${id.slice(0, 80)}' was not found: it was never run here, or its result is no longer kept.`,
    );
  }

  #end(named: ClusterName, command: RunningCommand, ended: WithoutTime<EndedCommand>): void {
    this.#keep(named, { ...command, ended: { ...ended, finishedAt: new Date().toISOString() } });
  }

  #keep(named: ClusterName, command: RunningCommand): void {
    this.#commands.set(this.#keyOf(named, command.id), command);
    const [oldest] = this.#commands.keys();
    if (this.#commands.size > kept && oldest !== undefined) this.#commands.delete(oldest);
  }

  #keyOf(named: ClusterName, id: string): string {
    return `${this.#store.keyOf(named)} ${id.toLowerCase()}`;
  }
}

type WithoutTime<Ended> = Ended extends unknown ? Omit<Ended, 'finishedAt'> : never;

function filesOf(context: string): readonly ArchivedFile[] {
  if (context === '') return [];
  try {
    return readZip(Buffer.from(context, 'base64'), filesBounds);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw providerError(400, 'InvalidParameter', `The value of parameter context is invalid: the archive ${error.message}.`, {
      target: 'context',
    });
  }
}
