/** The token that requests must carry, from a file that may be replaced while the agent runs. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Shorter ones can be guessed. */
const shortestToken = 16;

/** A token that cannot be used. */
class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** One file with one token; white space around it does not count. */
export class BearerToken {
  readonly #file: string;
  #digest: Buffer;
  #version: string;

  /** Reads the file; throws when it holds no token. */
  constructor(file: string) {
    this.#file = file;
    [this.#digest, this.#version] = readToken(file);
  }

  /** Whether the value of an `Authorization` header carries the token; takes as long whatever is wrong. */
  allows(authorization: string | undefined): boolean {
    this.#refresh();
    const given = /^Bearer ([^\s]+)$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digestOf(given), this.#digest);
  }

  /** A new token counts at once; a file that is bad or gone leaves the old one. */
  #refresh(): void {
    try {
      if (versionOf(this.#file) !== this.#version) [this.#digest, this.#version] = readToken(this.#file);
    } catch {
      // Somebody is about to replace it.
    }
  }
}

function readToken(file: string): [Buffer, string] {
  let text: string;
  let version: string;
  try {
    version = versionOf(file);
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new TokenError(`the token cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text.length < shortestToken || /\s/.test(text)) {
    throw new TokenError(`${file}: a token is one word of at least ${shortestToken} characters`);
  }
  return [digestOf(text), version];
}

function versionOf(file: string): string {
  const { mtimeMs, ino, size } = statSync(file);
  return `${mtimeMs} ${ino} ${size}`;
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
