/** How one signs in to the endpoint of this machine. */
import { readFileSync } from 'node:fs';
import { writePrivateFile } from '@weir/lab';

/** The content of `sign-in.json`. */
export interface SignIn {
  /** Kept over restarts, because az's configuration names it. */
  readonly port: number;
  readonly application: string;
  readonly tenant: string;
  readonly secret: string;
}

/** Undefined when there is none yet. */
export function readSignIn(path: string): SignIn | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SignIn;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes it, for its owner only. */
export async function writeSignIn(path: string, signIn: SignIn): Promise<void> {
  await writePrivateFile(path, `${JSON.stringify(signIn, null, 2)}\n`);
}
