/**
 * The certificates of one cluster as files: `ca.crt`, `ca.key` and a pair per party in `pki/`.
 *
 * What exists is read and kept, what is missing is made: a restart of the cluster changes nobody's
 * identity.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CertificateSubject,
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPairPem,
} from './certificate-authority.ts';
import { writePrivateFile } from './private-file.ts';

/** The parties of a cluster that present a certificate to its API server. */
export type ClusterParty = 'admin' | { readonly node: string } | { readonly agent: string };

/** The file of the key that signs tokens of service accounts. */
export const serviceAccountKeyFile = 'sa.key';

/** The names under which pods and people reach every API server. */
const serverNames = {
  dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
  ip: ['127.0.0.1', '::1'],
} as const;

/** The authority and, on demand, the certificates of a cluster. */
export class ClusterPki {
  readonly authority: KeyPairPem;
  readonly #directory: string;

  private constructor(directory: string, authority: KeyPairPem) {
    this.#directory = directory;
    this.authority = authority;
  }

  /** Reads the authority in `directory`, or makes it (and the directory, mode 0700). */
  static async open(directory: string, cluster: string): Promise<ClusterPki> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const authority = await readOrMake(directory, 'ca', () => createCertificateAuthority(`weir-${cluster}`));
    return new ClusterPki(directory, authority);
  }

  /** The certificate of a party, made at the first call. */
  async pair(party: ClusterParty): Promise<KeyPairPem> {
    return readOrMake(this.#directory, partyFileName(party), () => issueClientCertificate(this.authority, partySubject(party)));
  }

  /** The certificate of the API server, made at the first call; `addresses`: those that it has in the cluster's network. */
  async serverPair(addresses: readonly string[]): Promise<KeyPairPem> {
    const subject = { commonName: 'kube-apiserver', organizations: [] };
    const names = { ...serverNames, ip: [...serverNames.ip, ...addresses] };
    return readOrMake(this.#directory, 'server', () => issueServerCertificate(this.authority, subject, names));
  }

  /** The key that signs tokens of service accounts (PEM, PKCS #8), made at the first call. */
  async serviceAccountKey(): Promise<string> {
    const path = join(this.#directory, serviceAccountKeyFile);
    const present = await readIfPresent(path);
    if (present !== undefined) return present;
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writePrivateFile(path, key);
    return key;
  }
}

/** User and groups of a party, as the API server will read them. */
function partySubject(party: ClusterParty): CertificateSubject {
  if (party === 'admin') return { commonName: 'kubernetes-admin', organizations: ['system:masters'] };
  if ('node' in party) return { commonName: `system:node:${party.node}`, organizations: ['system:nodes'] };
  return { commonName: `weir-agent:${party.agent}`, organizations: ['weir:agents'] };
}

function partyFileName(party: ClusterParty): string {
  if (typeof party === 'string') return party;
  return 'node' in party ? `node-${party.node}` : `agent-${party.agent}`;
}

async function readOrMake(directory: string, name: string, make: () => Promise<KeyPairPem>): Promise<KeyPairPem> {
  const certificatePath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  const [certificate, key] = await Promise.all([readIfPresent(certificatePath), readIfPresent(keyPath)]);
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  const made = await make();
  // The certificate is written last: a pair is complete when its certificate is there.
  await writePrivateFile(keyPath, made.key);
  await writePrivateFile(certificatePath, made.certificate);
  return made;
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
