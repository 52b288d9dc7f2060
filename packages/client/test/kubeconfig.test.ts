/** Reading kubeconfig files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadKubeconfig, parseKubeconfig } from '../src/index.ts';

const certificate = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n';
const base64 = (text: string) => Buffer.from(text).toString('base64');

function config(cluster: Record<string, unknown> = {}, user: Record<string, unknown> = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    contexts: [
      { name: 'lab', context: { cluster: 'c', user: 'u', namespace: 'demo' } },
      { name: 'nobody', context: { cluster: 'c' } },
      { name: 'broken', context: { cluster: 'nope', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  });
}

test('reads inline certificates, keys and the namespace', async () => {
  const text = config(
    { 'certificate-authority-data': base64(certificate), 'tls-server-name': 'kubernetes' },
    { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
  );
  expect(await parseKubeconfig(text)).toEqual({
    server: 'https://127.0.0.1:6443',
    certificateAuthority: certificate,
    tlsServerName: 'kubernetes',
    clientCertificate: certificate,
    clientKey: key,
    namespace: 'demo',
  });
});

test('reads files relative to the kubeconfig, and a token', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'weir-kubeconfig-'));
  try {
    await writeFile(path.join(directory, 'ca.pem'), certificate);
    await writeFile(path.join(directory, 'config'), config({ 'certificate-authority': 'ca.pem' }, { token: 't', tokenFile: 'token' }));
    const connection = await loadKubeconfig(path.join(directory, 'config'));
    expect(connection).toMatchObject({ certificateAuthority: certificate, token: 't', tokenFile: path.join(directory, 'token') });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('another context can be chosen, and a user may be absent', async () => {
  expect(await parseKubeconfig(config({}, { token: 't' }), { context: 'nobody' })).toEqual({ server: 'https://127.0.0.1:6443' });
});

test('insecure-skip-tls-verify is refused unless allowed explicitly', async () => {
  const text = config({ 'insecure-skip-tls-verify': true });
  await expect(parseKubeconfig(text)).rejects.toMatchObject({ code: 'insecure' });
  expect(await parseKubeconfig(text, { allowInsecure: true })).toMatchObject({ insecureSkipTlsVerify: true });
});

test.each([
  ['text that is not YAML', 'a: [', 'syntax', /not valid YAML/],
  ['a list', '[]', 'syntax', /expected a mapping/],
  ['another kind', '{kind: Pod}', 'invalid', /expected Config/],
  ['no context', '{kind: Config}', 'missing', /no context chosen/],
  ['an unknown context', config().replace('"lab"', '"other"'), 'missing', /no entry named "other"; there is "lab", "nobody", "broken"/],
  ['a server that is not a URL', config({ server: 'nonsense' }), 'invalid', /clusters\[c\]\.cluster\.server: "nonsense" is not a URL/],
  ['a server of another scheme', config({ server: 'ftp://x' }), 'invalid', /ftp:/],
  ['a proxy', config({ 'proxy-url': 'http://p' }), 'unsupported', /proxies/],
  ['data that is not PEM', config({ 'certificate-authority-data': base64('x') }), 'invalid', /no PEM block "CERTIFICATE"/],
  ['a missing file', config({ 'certificate-authority': '/nonexistent/ca' }), 'unreadable', /ENOENT/],
  ['a certificate without key', config({}, { 'client-certificate-data': base64(certificate) }), 'missing', /client-key or client-key-data/],
  ['an exec plugin', config({}, { exec: { command: 'x' } }), 'unsupported', /users\[u\]\.user\.exec/],
  ['a number for a token', config({}, { token: 1 }), 'invalid', /expected a text/],
])('%s is refused with a reason', async (_, text, code, message) => {
  await expect(parseKubeconfig(text)).rejects.toMatchObject({ name: 'KubeconfigError', code, message: expect.stringMatching(message) });
});

test('errors of a file name the file', async () => {
  await expect(loadKubeconfig('/nonexistent/config')).rejects.toThrow(/nonexistent\/config/);
});
