/**
 * Runs operations one at a time for a resource and keeps what became of them. Each is on disk before its work begins,
 * so that one that a crash cuts off is found, and told as failed.
 */
import { randomUUID } from 'node:crypto';
import { ArmError } from '../arm/arm-error.ts';
import type { DocumentStore } from '../state/document-store.ts';
import { canceledOperation, failedOperation, interruptedOperation, type Operation } from './operation.ts';

/** What is begun. */
export interface OperationStart extends Pick<Operation, 'subscription' | 'location' | 'resource' | 'what'> {
  /** Does it; what it answers is the operation's result. The signal asks it to stop where it is. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  /** Puts the resource into the state in which the operation has left it, before the operation says so. */
  readonly onFailure: (state: 'Failed' | 'Canceled') => void;
}

interface Run {
  readonly ended: Promise<Operation>;
  readonly controller: AbortController;
}

/** Ended operations are told of for so long. */
const keptMs = 24 * 3_600_000;

/** The operations of this cloud. */
export class OperationRunner {
  readonly #store: DocumentStore<Operation>;
  readonly #running = new Map<string, Run>();
  /** Ends that the disk did not take: told until the process ends; the next one finds the operation interrupted. */
  readonly #unwritten = new Map<string, Operation>();
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
    return this.#unwritten.get(id.toLowerCase()) ?? this.#store.get(id.toLowerCase());
  }

  /** The operation that runs on a resource. */
  runningOn(resource: string): Operation | undefined {
    return [...this.#running.keys()].map((id) => this.#store.get(id)).find((operation) => operation?.resource === resource);
  }

  /** Begins one. The caller has made sure that none runs on the resource. */
  start({ work, onFailure, ...about }: OperationStart): Operation {
    this.#forgetOld();
    const operation: Operation = { ...about, id: randomUUID(), status: 'InProgress', startTime: new Date().toISOString() };
    this.#store.put(operation.id, operation);
    const controller = new AbortController();
    const ended = this.#run(operation, controller.signal, { work, onFailure }).finally(() => this.#running.delete(operation.id));
    this.#running.set(operation.id, { ended, controller });
    return operation;
  }

  /** Asks a running operation to stop where it is; answers how it ended, which may be as if nobody had asked. */
  async cancel(id: string): Promise<Operation | undefined> {
    const run = this.#running.get(id);
    run?.controller.abort(new ArmError('provider', { status: 409, code: 'OperationCanceled', message: 'The operation was canceled.' }));
    return await run?.ended;
  }

  /** Waits for all that run. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #run(
    operation: Operation,
    signal: AbortSignal,
    { work, onFailure }: Pick<OperationStart, 'work' | 'onFailure'>,
  ): Promise<Operation> {
    try {
      const result = await work(signal);
      const ended: Operation = { ...operation, status: 'Succeeded', endTime: new Date().toISOString() };
      return this.#end(result === undefined ? ended : { ...ended, result });
    } catch (error) {
      if (signal.aborted) {
        this.#quietly(() => onFailure('Canceled'));
        return this.#end(canceledOperation(operation));
      }
      this.#quietly(() => onFailure('Failed'));
      if (!(error instanceof ArmError)) this.#onFault(error);
      const told = error instanceof ArmError ? error : { code: 'InternalOperationError', message: messageOf(error) };
      return this.#end(failedOperation(operation, told));
    }
  }

  #end(operation: Operation): Operation {
    if (!this.#quietly(() => this.#store.put(operation.id, operation))) this.#unwritten.set(operation.id, operation);
    return operation;
  }

  /** A disk that takes nothing any more must not end the process: who asks is still told. */
  #quietly(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      this.#onFault(error);
      return false;
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
