/**
 * The certificate authority of one cluster and the certificates that it issues.
 *
 * Keys are ECDSA P-256 made by WebCrypto; everything is PEM text here, files are the business of
 * `cluster-pki.ts`. The names in the certificates follow the Kubernetes documentation "PKI
 * certificates and requirements": the API server reads the common name as the user and each
 * organization as a group.
 */
// oxlint-disable-next-line import/no-unassigned-import -- the certificate library needs it loaded first
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Certificates are valid this long; a lab that outlives it is made anew. */
const validityDays = 3650;

/** Clocks that lag behind a little must not find a certificate "not yet valid". */
const backdatedMs = 5 * 60_000;

/** A certificate and its PKCS #8 private key, both as PEM text. */
export interface KeyPairPem {
  readonly certificate: string;
  readonly key: string;
}

/** Who a certificate speaks for: the user is `commonName`, each organization is a group. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Makes a self-signed authority; `name` is its common name. */
export async function createCertificateAuthority(name: string): Promise<KeyPairPem> {
  useWebCrypto();
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** Issues a server certificate for host names and literal addresses (subject alternative names). */
export async function issueServerCertificate(
  authority: KeyPairPem,
  subject: CertificateSubject,
  names: { readonly dns: readonly string[]; readonly ip: readonly string[] },
): Promise<KeyPairPem> {
  const alternatives = [
    ...names.dns.map((value) => ({ type: 'dns' as const, value })),
    ...names.ip.map((value) => ({ type: 'ip' as const, value })),
  ];
  return issue(authority, subject, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(alternatives),
  ]);
}

/** Issues a client certificate: the holder is the user `commonName` in the groups `organizations`. */
export async function issueClientCertificate(authority: KeyPairPem, subject: CertificateSubject): Promise<KeyPairPem> {
  return issue(authority, subject, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]);
}

async function issue(authority: KeyPairPem, subject: CertificateSubject, purpose: readonly Extension[]): Promise<KeyPairPem> {
  useWebCrypto();
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await importKey(authority.key);
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: [...subject.organizations.map((organization) => ({ O: [organization] })), { CN: [subject.commonName] }],
    issuer: issuer.subjectName.toJSON(),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
      ...purpose,
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** The library asks a provider for its cryptography; Node's is complete. */
function useWebCrypto(): void {
  cryptoProvider.set(webcrypto);
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [pkcs8] = PemConverter.decode(pem);
  if (pkcs8 === undefined)
    throw new Error('The key of the certificate authority holds no PEM block; remove the cluster and create it again.');
  return webcrypto.subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - backdatedMs), notAfter: new Date(now + validityDays * 86_400_000) };
}
