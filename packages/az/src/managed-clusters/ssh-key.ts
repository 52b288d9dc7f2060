/** The public key of the administrator of Linux nodes: given, read from a file, or made. */
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from '@weir/client';
import { refused } from '../az-error.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';
import type { Terminal } from '../terminal.ts';

/** The key as one line; undefined without one. Throws az's text when there is none to be found. */
export function sshKeyOf(given: GivenArguments, terminal: Terminal, home: string): string | undefined {
  if (given.flag('noSshKey')) return undefined;
  const place = given.text('sshKeyValue') ?? join(home, '.ssh', 'id_rsa.pub');
  if (existsSync(place)) return checkKey(readFileSync(place, 'utf8'));
  if (/^ssh-rsa\s+[A-Za-z0-9+/]+=*/.test(place)) return place;
  if (!given.flag('generateSshKeys')) {
    throw refused(
      'An RSA key file or key value must be supplied to SSH Key Value. You can use --generate-ssh-keys to let CLI generate one for you',
    );
  }
  const privateFile = place.toLowerCase().endsWith('.pub') ? place.slice(0, -4) : `${place}.private`;
  const key = makeKey(privateFile, place);
  terminal.warn(
    `SSH key files '${privateFile}' and '${place}' have been generated under ~/.ssh to allow SSH access to the VM. If using machines without permanent storage like Azure Cloud Shell without an attached file share, back up your keys to a safe location`,
  );
  return key;
}

function checkKey(text: string): string {
  if (/^ssh-rsa\s+[A-Za-z0-9+/]+=*/.test(text)) return text;
  throw refused(`Provided ssh key (${text.slice(0, 50)}) is invalid or non-existent`);
}

function makeKey(privateFile: string, publicFile: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const line = `ssh-rsa ${openSshBlob(publicKey.export({ format: 'jwk' })).toString('base64')}`;
  makeDirectory(dirname(privateFile), 0o700);
  chmodSync(dirname(privateFile), 0o700);
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(publicFile, line, { mode: 0o644, flag: 'wx' });
  return line;
}

/** `ssh-rsa`, exponent, modulus: each with its length before it (RFC 4253 §6.6). */
function openSshBlob({ e = '', n = '' }: JsonWebKey): Buffer {
  const number = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'base64url');
    return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  return Buffer.concat([Buffer.from('ssh-rsa'), number(e), number(n)].flatMap((part) => [lengthOf(part), part]));
}

function lengthOf(part: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(part.length);
  return bytes;
}
