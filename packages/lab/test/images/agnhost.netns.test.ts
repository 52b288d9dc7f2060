import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { connectTcp, createNetns, deleteNetns, inNetns, openUdp } from '@weir/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { agnhost } from '../../src/images/agnhost/agnhost.ts';
import type { ProgramSignal } from '../../src/images/program.ts';
import { standIn } from '../../src/images/stand-in.ts';
import { type BuiltInProcess, startBuiltInProcess } from '../../src/node/built-in-process.ts';

const netns = `weirt-${randomBytes(4).toString('hex')}`;
const running: BuiltInProcess[] = [];

beforeAll(() => {
  createNetns(netns);
  const batch = [
    'link set lo up',
    'addr add 10.9.0.1/32 dev lo',
    'addr add fd09::1/128 dev lo nodad',
    'route add unreachable 10.8.0.0/16',
    // Packets into the blackhole of a neighbour that never answers: nothing comes back.
    'link add v0 type veth peer name v1',
    'link set v0 up',
    'link set v1 up',
    'neigh add 10.7.0.1 lladdr 02:00:00:00:00:01 dev v0 nud permanent',
    'route add 10.7.0.0/16 via 10.7.0.1 dev v0 onlink src 10.9.0.1',
  ];
  inNetns(netns, () => execFileSync('ip', ['-batch', '-'], { input: `${batch.join('\n')}\n` }));
});
afterEach(() => {
  for (const program of running.splice(0)) program.kill('SIGKILL');
});
afterAll(() => {
  deleteNetns(netns);
});

interface Run {
  readonly process: BuiltInProcess;
  readonly output: { stdout: string; stderr: string };
}

function start(argv: readonly string[], env: Record<string, string> = {}, program = agnhost): Run {
  const output = { stdout: '', stderr: '' };
  const process = startBuiltInProcess({
    program,
    argv,
    env,
    hostname: 'pod-1',
    netns,
    names: { servers: ['10.9.0.1'], search: [], ndots: 5, hosts: new Map([['known', ['10.9.0.1']]]) },
    stdout: (text) => {
      output.stdout += text;
    },
    stderr: (text) => {
      output.stderr += text;
    },
    readFile: (path) => {
      const content = files.get(path);
      return content === undefined ? Promise.reject(new Error(`open ${path}: no such file or directory`)) : Promise.resolve(content);
    },
    shell: (command) => Promise.resolve({ output: `ran ${command}`, exitCode: command === 'false' ? 1 : 0 }),
  });
  running.push(process);
  return { process, output };
}

async function run(argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { process, output } = start(argv);
  return { code: await process.exited, ...output };
}

/** What programs find on their disk: a certificate where agnhost looks for one. */
const files = new Map<string, Buffer>();
beforeAll(() => {
  const subject = ['-nodes', '-subj', '/CN=localhost', '-days', '2', '-keyout', '-', '-out', '-'];
  const pem = execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  for (const [name, label] of [
    ['localhost.key', 'PRIVATE KEY'],
    ['localhost.crt', 'CERTIFICATE'],
  ] as const) {
    const end = `-----END ${label}-----\n`;
    files.set(name, Buffer.from(pem.slice(pem.indexOf(`-----BEGIN ${label}`), pem.indexOf(end) + end.length)));
  }
});

/** What is answered over TLS, and whose certificate it is. */
async function https(port: number): Promise<{ readonly subject: unknown; readonly body: string }> {
  const socket = connectTls({ socket: connectTcp({ netns, address: '10.9.0.1', port }), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const subject = socket.getPeerCertificate().subject;
  socket.end('GET /hostname HTTP/1.0\r\n\r\n');
  const text = (await socket.setEncoding('utf8').toArray()).join('');
  return { subject, body: text.slice(text.indexOf('\r\n\r\n') + 4) };
}

const log = (text: string): RegExp => new RegExp(`^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d ${text}`, 'm');

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function ask(port: number, address = '10.9.0.1'): Promise<string> {
  const socket = connectTcp({ netns, address, port });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, 'end');
  return text;
}

async function askUdp(port: number, data: string): Promise<string> {
  const socket = openUdp({ netns, address: '10.9.0.1' });
  socket.connect(port, '10.9.0.1');
  await once(socket, 'connect');
  socket.send(data);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return answer.toString();
}

async function http(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ path, createConnection: () => connectTcp({ netns, address: '10.9.0.1', port }) }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('error', reject);
  });
}

describe('agnhost connect', () => {
  it.each([
    ['an open TCP port', ['10.9.0.1:7100'], ''],
    ['an open TCP port by its name in /etc/hosts', ['known:7100', '--timeout=3s', '--protocol=tcp'], ''],
    ['an open TCP port over IPv6', ['[fd09::1]:7100'], ''],
    ['an open UDP port', ['10.9.0.1:7100', '--protocol=udp', '--timeout', '3s'], ''],
  ])('says nothing and ends with 0 for %s', async (_, argv) => {
    const { output } = start(['serve-hostname', '--tcp', '--udp', '--http=false', '--port', '7100']);
    await until(() => output.stderr.includes('Serving'));
    expect(await run(['connect', ...argv])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each([
    ['tcp', '10.7.1.1:80', /^TIMEOUT\n$/],
    ['udp', '10.7.1.1:80', /^TIMEOUT: read udp 10\.9\.0\.1:\d+->10\.7\.1\.1:80: i\/o timeout\n$/],
    ['tcp', '10.9.0.1:9', /^REFUSED\n$/],
    ['udp', '10.9.0.1:9', /^REFUSED: read udp 10\.9\.0\.1:\d+->10\.9\.0\.1:9: read: connection refused\n$/],
    ['tcp', '10.8.0.1:80', /^OTHER: dial tcp 10\.8\.0\.1:80: connect: no route to host\n$/],
    ['tcp', '192.0.2.1:80', /^OTHER: dial tcp 192\.0\.2\.1:80: connect: network is unreachable\n$/],
    ['tcp', '10.9.0.1', /^UNKNOWN: address 10\.9\.0\.1: missing port in address\n$/],
    ['tcp', 'fd09::1:80', /^UNKNOWN: address fd09::1:80: too many colons in address\n$/],
    ['udp', '10.9.0.1', /^DNS: address 10\.9\.0\.1: missing port in address\n$/],
    ['tcp', '10.9.0.1:99999', /^DNS: address 99999: invalid port\n$/],
    ['tcp', 'nowhere:80', /^DNS: lookup nowhere on 10\.9\.0\.1:53: connection refused\n$/],
    ['sctp', '10.7.1.1:80', /^TIMEOUT\n$/],
    ['sctp', '10.9.0.1:80', /^OTHER: connection refused\n$/],
    ['sctp', '[fd09::1]:80', /^OTHER: connection refused\n$/],
    ['sctp', '10.9.0.1', /^DNS: address 10\.9\.0\.1: missing port in address\n$/],
    ['icmp', '10.9.0.1:80', /^Unsupported protocol\nicmp\n$/],
  ])('over %s to %s prints one line and ends with 1', async (protocol, target, expected) => {
    const result = await run(['connect', `--protocol=${protocol}`, target, '--timeout=100ms']);
    expect(result.stderr).toMatch(expected);
    expect(result).toMatchObject({ code: 1, stdout: '' });
  });

  it.each([
    [['connect'], /^Error: accepts 1 arg\(s\), received 0\n/],
    [['connect', '--nope', 'a:1'], /^Error: unknown flag: --nope\n/],
    [['connect', '--timeout=3', 'a:1'], /^Error: invalid argument "3" for "--timeout" flag/],
    [['connect', '--timeout'], /^Error: flag needs an argument: --timeout\n/],
    [['no-such-command'], /^Error: unknown command "no-such-command"/],
  ])('refuses %j', async (argv, expected) => {
    const result = await run(argv);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(expected);
  });
});

describe('agnhost serve-hostname', () => {
  it('answers TCP with the hostname without a line end, on both families, and logs the client', async () => {
    const { output } = start(['serve-hostname', '--tcp', '--http=false', '--port', '7101']);
    await until(() => output.stderr.includes('Serving'));
    expect(await ask(7101)).toBe('pod-1');
    expect(await ask(7101, 'fd09::1')).toBe('pod-1');
    expect(output.stderr).toMatch(log('Serving on port 7101\\.\\n'));
    expect(output.stderr).toMatch(log('TCP request from 10\\.9\\.0\\.1:\\d+\\n'));
    expect(output.stderr).toMatch(log('TCP request from \\[fd09::1\\]:\\d+\\n'));
  });

  it('answers every datagram with the hostname', async () => {
    const { output } = start(['serve-hostname', '--udp', '--http=false', '--port=7102']);
    await until(() => output.stderr.includes('Serving'));
    expect(await askUdp(7102, 'anything')).toBe('pod-1');
  });

  it('serves HTTP by default', async () => {
    const { output } = start(['serve-hostname', '--port=7103']);
    await until(() => output.stderr.includes('Serving'));
    expect(await http(7103, '/')).toEqual({ status: 200, body: 'pod-1' });
  });

  it('refuses HTTP together with TCP', async () => {
    const result = await run(['serve-hostname', '--tcp']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(log("Can't server TCP/UDP mode and HTTP mode at the same time\\n"));
  });

  it('ends with 1 when its port is taken', async () => {
    const { output } = start(['serve-hostname', '--tcp', '--http=false', '--port=7104']);
    await until(() => output.stderr.includes('Serving'));
    const result = await run(['serve-hostname', '--tcp', '--http=false', '--port=7104']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(log('Error from net\\.Listen\\(\\): listen tcp :7104: bind: address already in use\\n'));
  });

  it('goes on serving after SIGTERM, until it is killed', async () => {
    const { process, output } = start(['serve-hostname', '--tcp', '--http=false', '--port=7105']);
    await until(() => output.stderr.includes('Serving'));
    process.kill('SIGTERM');
    expect(output.stderr).toMatch(log('Shutting down after receiving signal: terminated\\.\\n'));
    expect(output.stderr).toMatch(log('Awaiting pod deletion\\.\\n'));
    expect(await ask(7105)).toBe('pod-1');
    process.kill('SIGKILL');
    expect(await process.exited).toBe(137);
    expect(await run(['connect', '10.9.0.1:7105', '--timeout=1s'])).toMatchObject({ code: 1, stderr: 'REFUSED\n' });
  });
});

describe('agnhost pause', () => {
  it.each([
    ['SIGINT', 1],
    ['SIGTERM', 2],
  ] satisfies [ProgramSignal, number][])('ends on %s with %i', async (signal, code) => {
    const { process, output } = start(['pause']);
    await until(() => output.stdout === 'Paused\n');
    process.kill(signal);
    expect(await process.exited).toBe(code);
  });
});

describe('agnhost porter', () => {
  it('serves the values of its environment variables', async () => {
    const { output } = start(['porter'], {
      SERVE_PORT_7110: 'http value',
      SERVE_TCP_PORT_7111: 'tcp value',
      SERVE_UDP_PORT_7112: 'udp value',
      SERVE_SCTP_PORT_7113: 'sctp value',
      SERVE_PORT_X: 'ignored',
    });
    await until(() => output.stderr.includes('UDP server'));
    expect((await http(7110, '/any')).body).toBe('http value');
    expect((await http(7111, '/')).body).toBe('tcp value');
    expect(await askUdp(7112, 'x')).toBe('udp value');
    await until(() => output.stderr.includes('SCTP server on port 7113'));
    for (const host of ['10.9.0.1', '[fd09::1]']) {
      expect(await run(['connect', '--protocol=sctp', `${host}:7113`, '--timeout=5s'])).toEqual({ code: 0, stdout: '', stderr: '' });
    }
  });

  it('answers in JSON when told so', async () => {
    start(['porter', '--json-response'], { SERVE_PORT_7114: 'v' });
    await expect.poll(() => http(7114, '/').catch(() => undefined)).toEqual({ status: 200, body: '{"Method":"GET","Body":"v"}' });
  });
});

describe('agnhost over TLS', () => {
  it('serves porter and netexec with the certificate of their disk', async () => {
    start(['porter'], { SERVE_TLS_PORT_7115: 'secret value' });
    start(['netexec', '--http-port=7116', '--udp-port=-1', '--tls-cert-file=localhost.crt', '--tls-private-key-file=localhost.key']);
    const answered = (port: number) => expect.poll(() => https(port).catch(String), { timeout: 30_000 });
    await answered(7115).toEqual({ subject: { CN: 'localhost' }, body: 'secret value' });
    await answered(7116).toEqual({ subject: { CN: 'localhost' }, body: 'pod-1' });
  });

  it('without a certificate serves the other ports and says what is missing', async () => {
    const { output } = start(['porter'], { CERT_FILE: 'none.crt', SERVE_TLS_PORT_7117: 'x', SERVE_PORT_7118: 'y' });
    await expect.poll(() => output.stderr, { timeout: 30_000 }).toContain('open none.crt: no such file or directory');
    await expect.poll(() => http(7118, '/').catch(String), { timeout: 30_000 }).toEqual({ status: 200, body: 'y' });
  });
});

describe('SCTP between programs', () => {
  it('carries commands and answers, for several clients at once', async () => {
    const server = start(['netexec', '--http-port=7120', '--udp-port=-1', '--sctp-port=7121']);
    await until(() => server.output.stderr.includes('Started SCTP server on port 7121'));
    const dial = async (request: string): Promise<unknown> =>
      JSON.parse((await http(7120, `/dial?host=10.9.0.1&port=7121&protocol=sctp&request=${encodeURIComponent(request)}`)).body);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => dial(`echo number ${i}`)));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => ({ responses: [`number ${i}`] })));
  });

  it('leaves a port to the program that has it, in whatever process', async () => {
    const env = { SERVE_SCTP_PORT_7122: 'first' };
    const first = start(['porter'], env);
    await until(() => first.output.stderr.includes('SCTP server on port 7122'));
    const second = start(['porter'], { SERVE_SCTP_PORT_7122: 'second', SERVE_SCTP_PORT_7123: 'own' });
    await until(() => second.output.stderr.includes('SCTP server on port 7123'));
    expect(second.output.stderr).toContain('Failed to listen SCTP on port 7122. error: address already in use');
    for (const port of [7122, 7123]) {
      expect((await run(['connect', '--protocol=sctp', `10.9.0.1:${port}`, '--timeout=5s'])).code).toBe(0);
    }
    first.process.kill('SIGKILL');
    await first.process.exited;
    expect((await run(['connect', '--protocol=sctp', '10.9.0.1:7122', '--timeout=5s'])).stderr).toBe('OTHER: connection refused\n');
  });
});

describe('agnhost netexec', () => {
  const serve = async (http: number, udp: number): Promise<Run> => {
    const run = start(['netexec', `--http-port=${http}`, `--udp-port=${udp}`]);
    await until(() => run.output.stderr.includes('Started HTTP server'));
    return run;
  };

  it('answers its endpoints', async () => {
    await serve(7120, 7121);
    expect((await http(7120, '/hostname')).body).toBe('pod-1');
    expect((await http(7120, '/hostName')).body).toBe('pod-1');
    expect((await http(7120, '/clientip')).body).toMatch(/^10\.9\.0\.1:\d+$/);
    expect(await http(7120, '/echo?msg=hi&code=418')).toEqual({ status: 418, body: 'hi' });
    expect((await http(7120, '/echo?msg=hi&code=x')).body).toBe('argument \'code\' must be an integer or empty, got "x"\n');
    expect((await http(7120, '/healthz')).status).toBe(200);
    expect((await http(7120, '/redirect?location=/x&code=307')).status).toBe(307);
    expect((await http(7120, '/shell?cmd=date')).body).toBe('{"output":"ran date"}');
    expect((await http(7120, '/shell?shellCommand=false')).body).toBe('{"output":"ran false","error":"exit status 1"}');
    expect((await http(7120, '/anything')).body).toMatch(/^NOW: /);
  });

  it('answers commands over UDP', async () => {
    await serve(7122, 7123);
    expect(await askUdp(7123, 'hostname\n')).toBe('pod-1');
    expect(await askUdp(7123, 'echo Hi There')).toBe('Hi There');
    expect(await askUdp(7123, 'clientip')).toMatch(/^10\.9\.0\.1:\d+$/);
  });

  it('dials others', async () => {
    await serve(7124, 7125);
    const dial = async (query: string): Promise<unknown> => JSON.parse((await http(7124, `/dial?${query}`)).body);
    expect(await dial('host=10.9.0.1&port=7124&request=hostname&tries=2')).toEqual({ responses: ['pod-1', 'pod-1'] });
    expect(await dial('host=10.9.0.1&port=7125&request=hostname&protocol=udp')).toEqual({ responses: ['pod-1'] });
    expect(await dial('host=10.9.0.1&port=9&request=x')).toEqual({ errors: [expect.stringContaining('connection refused')] });
    expect((await http(7124, '/dial?host=10.9.0.1&port=9')).status).toBe(400);
    expect((await http(7124, '/dial?host=nowhere&port=9&request=x')).status).toBe(400);
  });

  it.each([
    ['/exit?code=7', 7],
    ['/exit?code=5&timeout=1s', 5],
    ['/shutdown', 0],
  ])('ends on %s', async (path, code) => {
    const { process } = await serve(7126, -1);
    await http(7126, path).catch(() => undefined);
    expect(await process.exited).toBe(code);
  });
});

describe('a stand-in', () => {
  it('serves the declared ports and ends with 0', async () => {
    const program = standIn('nginx:1', [
      { port: 7130, protocol: 'TCP' },
      { port: 7131, protocol: 'UDP' },
    ]);
    const { process, output } = start([], {}, program);
    await until(() => output.stdout.includes('7131/UDP'));
    expect((await http(7130, '/index.html')).body).toBe('pod-1 (stand-in for nginx:1)\nGET /index.html\n');
    expect(await askUdp(7131, 'echo')).toBe('echo');
    process.kill('SIGTERM');
    expect(await process.exited).toBe(0);
  });
});
