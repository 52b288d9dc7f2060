/** What is told of a request while it is answered, for the audit log. */

/** One request on its way; where no log is kept there is none. */
export interface AuditTrail {
  /** Adds a finding, for example of an admission policy; the first one of a key counts. */
  annotate(key: string, value: string): void;
  /** Tells the object, the options or the patch that was sent, as decoded. It may be changed afterwards. */
  requested(body: unknown): void;
  /** Tells how it was decided whether the request may be. */
  authorized(decision: { readonly allowed: boolean; readonly reason: string }): void;
}
