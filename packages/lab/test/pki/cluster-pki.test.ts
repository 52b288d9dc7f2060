import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterPki } from '../../src/pki/cluster-pki.ts';
import { renderKubeconfig, writeKubeconfig } from '../../src/pki/kubeconfig-writer.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weirt-pki-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the certificates of a cluster', () => {
  it('name the API server by every name that pods and people use', async () => {
    const pki = await ClusterPki.open(directory, 'lab');
    const certificate = new X509Certificate((await pki.serverPair(['10.224.0.1', '10.0.0.1'])).certificate);
    expect(certificate.subjectAltName?.split(', ').sort()).toEqual(
      [
        'DNS:localhost',
        'DNS:kubernetes',
        'DNS:kubernetes.default',
        'DNS:kubernetes.default.svc',
        'DNS:kubernetes.default.svc.cluster.local',
        'IP Address:127.0.0.1',
        'IP Address:0:0:0:0:0:0:0:1',
        'IP Address:10.224.0.1',
        'IP Address:10.0.0.1',
      ].sort(),
    );
    expect(certificate.verify(new X509Certificate(pki.authority.certificate).publicKey)).toBe(true);
  });

  it.each([
    ['admin', 'admin' as const, 'O=system:masters\nCN=kubernetes-admin'],
    ['a node', { node: 'node1' }, 'O=system:nodes\nCN=system:node:node1'],
    ['an agent', { agent: 'node1' }, 'O=weir:agents\nCN=weir-agent:node1'],
  ])('say who %s is', async (_name, party, subject) => {
    const pki = await ClusterPki.open(directory, 'lab');
    expect(new X509Certificate((await pki.pair(party)).certificate).subject).toBe(subject);
  });

  it('stay the same when the cluster starts again', async () => {
    const first = await (await ClusterPki.open(directory, 'lab')).pair('admin');
    const second = await (await ClusterPki.open(directory, 'lab')).pair('admin');
    expect(second).toEqual(first);
  });

  it('are readable by their owner only, and leave no temporary file', async () => {
    const pki = await ClusterPki.open(directory, 'lab');
    await pki.pair('admin');
    const names = await readdir(directory);
    expect(names.sort()).toEqual(['admin.crt', 'admin.key', 'ca.crt', 'ca.key']);
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('open a connection with mutual authentication', async () => {
    const pki = await ClusterPki.open(directory, 'lab');
    const [server, admin] = [await pki.serverPair([]), await pki.pair('admin')];
    const listener = createServer(
      { cert: server.certificate, key: server.key, ca: pki.authority.certificate, requestCert: true, rejectUnauthorized: true },
      (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
    );
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    try {
      const port = (listener.address() as AddressInfo).port;
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, ca: pki.authority.certificate, cert: admin.certificate, key: admin.key }, () =>
          socket.write('GET / HTTP/1.0\r\n\r\n'),
        );
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        socket.on('end', () => resolve(text));
        socket.on('error', reject);
      });
      expect(answer).toContain('kubernetes-admin');
    } finally {
      listener.close();
    }
  });
});

describe('a kubeconfig', () => {
  it('embeds what a client needs and has mode 0600', async () => {
    const pki = await ClusterPki.open(directory, 'lab');
    const client = await pki.pair('admin');
    const options = {
      cluster: 'weir-lab',
      user: 'weir-lab-admin',
      server: 'https://127.0.0.1:6443',
      certificateAuthority: pki.authority.certificate,
      client,
    };
    const path = join(directory, 'kubeconfig');
    await writeKubeconfig(path, options);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const config = JSON.parse(renderKubeconfig(options)) as { users: { user: Record<string, string> }[] };
    expect(Buffer.from(config.users[0]?.user['client-key-data'] ?? '', 'base64').toString()).toBe(client.key);
  });
});
