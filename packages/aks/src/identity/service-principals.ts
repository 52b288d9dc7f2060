/** The application that may sign in, made with the lab, and the comparison of its secret. */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** An application and the hash of its secret: the secret itself is only where the person keeps it. */
export interface ServicePrincipal {
  readonly application: string;
  readonly secretHash: string;
}

/** A new application, with its secret. */
export function makeServicePrincipal(): { readonly principal: ServicePrincipal; readonly secret: string } {
  // Digits and letters alone: az takes a secret that begins with a dash for an option, also when it reads it from a file.
  const secret = randomBytes(24).toString('hex');
  return { principal: { application: randomUUID(), secretHash: hashOf(secret) }, secret };
}

/** Whether the secret is the application's. */
export function isSecretOf(principal: ServicePrincipal, secret: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(principal.secretHash));
}

/** The secret is random: one round is enough. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
