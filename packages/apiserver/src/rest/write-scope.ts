/** What a write works with. */
import type { RequestAdmission } from '../admission/request-admission.ts';
import type { FieldRecord } from '../patch/field-ownership.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { StoreTransaction } from '../storage/object-store.ts';
import type { RestContext } from './rest-context.ts';

/** One attempt of a write: a transaction, and who has a say in it. */
export interface WriteAttempt {
  readonly context: RestContext;
  readonly transaction: StoreTransaction;
  /** Webhooks and policies that have a say; absent when there are none, and for writes of the server itself. */
  readonly admission?: RequestAdmission | undefined;
}

/** The part of the server that a write works on. */
export interface WriteScope extends WriteAttempt {
  readonly target: ResourceTarget;
  readonly dryRun: boolean;
  /** Who writes; absent for writes of the server itself and when the managers are recorded already. */
  readonly record?: FieldRecord;
  /** Whose rights the write must not exceed; absent for writes of the server itself. */
  readonly user?: UserInfo;
  /** What the request does; absent for writes of the server itself. */
  readonly verb?: string;
  /** A new object comes with its status: for what the server makes itself. */
  readonly keepsStatus?: boolean;
}
