/**
 * Where the endpoint's files lie.
 *
 * ```
 *   <state>/arm/   identity/ groups/ … (what it keeps)  pki/  az/ (az's own configuration)  sign-in.json  arm.log
 *   <run>/arm.lock
 * ```
 */
import { join } from 'node:path';
import { runRoot, stateRoot } from '@weir/lab';

/** The paths. */
export interface ArmLayout {
  readonly state: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** How one signs in, with the secret: only its owner may read it. */
  readonly signIn: string;
  /** The secret alone, as az reads it from a file. */
  readonly secret: string;
  readonly log: string;
  readonly lock: string;
  /** `AZURE_CONFIG_DIR` of `weir az-login`. */
  readonly azDirectory: string;
}

/** The paths; nothing is made. */
export function armLayout(): ArmLayout {
  const state = join(stateRoot(), 'arm');
  return {
    state,
    authority: join(state, 'pki', 'ca.crt'),
    certificate: join(state, 'pki', 'server.crt'),
    key: join(state, 'pki', 'server.key'),
    signIn: join(state, 'sign-in.json'),
    secret: join(state, 'secret'),
    log: join(state, 'arm.log'),
    lock: join(runRoot(), 'arm.lock'),
    azDirectory: join(state, 'az'),
  };
}
