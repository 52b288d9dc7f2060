/** A throw-away CA with a server and a client certificate, for tests of TLS. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function makeCertificates(): Promise<{ authority: string; server: Pair; client: Pair }> {
  x509.cryptoProvider.set(webcrypto as never);
  const times = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const generate = async () => await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const rootKeys = await generate();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...times,
    name: 'CN=test-ca',
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const issue = async (subject: string, extensions: x509.Extension[]): Promise<Pair> => {
    const keys = await generate();
    const certificate = await x509.X509CertificateGenerator.create({
      ...times,
      subject,
      issuer: root.subject,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
  };
  return {
    authority: root.toString('pem'),
    server: await issue('CN=server', [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])]),
    client: await issue('CN=tester, O=system:masters', []),
  };
}
