/** The endpoint that commands go to, and as whom. */

/** All that signing in takes. */
export interface CloudAccount {
  /** The cloud's name in az's configuration. */
  readonly cloud: string;
  /** `https://localhost:PORT`, without a slash at the end. */
  readonly base: string;
  /** The certificate of the endpoint's authority, as PEM; undefined: those that Node trusts. */
  readonly authority: string | undefined;
  readonly application: string;
  readonly secret: string;
  readonly tenant: string;
}

/** Whether an endpoint is on this machine: no other is ever spoken to. */
export function isOnThisMachine(base: string): boolean {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  return url?.protocol === 'https:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}
