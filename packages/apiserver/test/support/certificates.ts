/** Certificates for tests, made by the `openssl` command: a CA, a server on loopback, clients. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PEM texts of a certificate and its key. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** A CA that signs what the test needs; its files live in `directory`. */
export class TestCa {
  readonly directory: string;
  readonly certificate: string;

  constructor(directory: string) {
    this.directory = directory;
    openssl([
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=test-ca',
      '-keyout',
      this.#path('ca.key'),
      '-out',
      this.#path('ca.crt'),
    ]);
    this.certificate = readFileSync(this.#path('ca.crt'), 'utf8');
  }

  /** A certificate for `subject`, for example `/O=system:masters/CN=admin`. */
  issue(name: string, subject: string, extensions: string): KeyPair {
    const [key, request, certificate, config] = [`${name}.key`, `${name}.csr`, `${name}.crt`, `${name}.cnf`].map((file) =>
      this.#path(file),
    );
    writeFileSync(config ?? '', extensions);
    openssl([
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      key ?? '',
      '-out',
      request ?? '',
    ]);
    openssl([
      'x509',
      '-req',
      '-in',
      request ?? '',
      '-CA',
      this.#path('ca.crt'),
      '-CAkey',
      this.#path('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      config ?? '',
      '-out',
      certificate ?? '',
    ]);
    return { certificate: readFileSync(certificate ?? '', 'utf8'), key: readFileSync(key ?? '', 'utf8') };
  }

  /** A server certificate for loopback. */
  issueServer(): KeyPair {
    return this.issue('server', '/CN=server', 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n');
  }

  /** A client certificate. */
  issueClient(name: string, groups: readonly string[] = ['system:masters']): KeyPair {
    return this.issue(name, `${groups.map((group) => `/O=${group}`).join('')}/CN=${name}`, 'extendedKeyUsage=clientAuth\n');
  }

  #path(file: string): string {
    return join(this.directory, file);
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
