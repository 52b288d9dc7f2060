/**
 * Runs operations one at a time for a resource and keeps what became of them. Each is on disk before its work begins,
 * so that one that a crash cuts off is found, and told as failed.
 */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../arm/arm-error.ts';
import type { DocumentStore } from '../state/document-store.ts';
import { failedOperation, interruptedOperation, type Operation } from './operation.ts';

/** What is begun. */
export interface OperationStart extends Pick<Operation, 'subscription' | 'location' | 'resource' | 'what'> {
  /** Does it; what it answers is the operation's result. Told of failure before the operation says so. */
  readonly work: () => Promise<unknown>;
  /** Puts the resource into the state of a failed one. */
  readonly onFailure: () => void;
}

/** Ended operations are told of for so long. */
const keptMs = 24 * 3_600_000;

/** The operations of this cloud. */
export class OperationRunner {
  readonly #store: DocumentStore<Operation>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #onFault: (error: unknown) => void;

  constructor(store: DocumentStore<Operation>, onFault: (error: unknown) => void) {
    this.#store = store;
    this.#onFault = onFault;
  }

  /** Ends what an earlier process began; answers the resources that it left in the middle. */
  recover(): readonly string[] {
    const interrupted = this.#store.list().filter(({ status }) => status === 'InProgress');
    for (const operation of interrupted) this.#store.put(operation.id, interruptedOperation(operation));
    return interrupted.map(({ resource }) => resource);
  }

  get(id: string): Operation | undefined {
    return this.#store.get(id.toLowerCase());
  }

  /** The operation that runs on a resource. */
  runningOn(resource: string): Operation | undefined {
    return this.#store.list().find((operation) => operation.status === 'InProgress' && operation.resource === resource);
  }

  /** Begins one. The caller has made sure that none runs on the resource. */
  start({ work, onFailure, ...about }: OperationStart): Operation {
    this.#forgetOld();
    const operation: Operation = { ...about, id: randomUUID(), status: 'InProgress', startTime: new Date().toISOString() };
    this.#store.put(operation.id, operation);
    const run = this.#run(operation, work, onFailure).finally(() => this.#running.delete(operation.id));
    this.#running.set(operation.id, run);
    return operation;
  }

  /** Waits for all that run. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #run(operation: Operation, work: OperationStart['work'], onFailure: OperationStart['onFailure']): Promise<void> {
    try {
      const result = await work();
      const ended: Operation = { ...operation, status: 'Succeeded', endTime: new Date().toISOString() };
      this.#store.put(operation.id, result === undefined ? ended : { ...ended, result });
    } catch (error) {
      onFailure();
      if (!(error instanceof ArmError)) this.#onFault(error);
      const told = error instanceof ArmError ? error : { code: 'InternalOperationError', message: messageOf(error) };
      this.#store.put(operation.id, failedOperation(operation, told));
    }
  }

  #forgetOld(): void {
    const oldest = Date.now() - keptMs;
    for (const { id, endTime } of this.#store.list()) {
      if (endTime !== undefined && Date.parse(endTime) < oldest) this.#store.delete(id);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
