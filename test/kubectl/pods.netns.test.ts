/** Unmodified kubectl against the pods of a live cluster, and against a control plane that was killed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { type Finished, runProgram } from '@weir/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackgroundProgram } from '../support/background-program.ts';
import { KubectlSession, shop } from './kubectl-session.ts';

const session = new KubectlSession();
const { background, kubectl, makeNamespace, openTerminal, refused } = session;

describe('logs', () => {
  it('are there whole, as a tail, since a time, and followed', async () => {
    // Five lines a second: the first is older than --since below, also when a busy node has read it late.
    await background('kubectl logs web -n shop -c counter -f').until(/^line 20$/m);
    expect(await kubectl('logs web -n shop -c counter')).toMatch(/^line 1\nline 2\n/);
    expect(await kubectl('logs web -n shop -c counter --tail=2')).toMatch(/^line \d+\nline \d+$/);
    expect(await kubectl('logs web -n shop -c counter --since=1h --timestamps --tail=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z line \d+$/);
    expect(await kubectl('logs web -n shop -c counter --since=1s')).not.toMatch(/^line 1$/m);
    expect(await kubectl('logs -l app=web -n shop --all-containers --prefix --tail=1')).toMatch(/^\[pod\/web\/counter\] line \d+$/m);
    const followed = background('kubectl logs web -n shop -c counter -f --tail=1');
    await followed.until(/(line \d+\n){3}/);
    await followed.stop();
  });

  it('of the run before are kept', async () => {
    await kubectl("run restarted --image=agnhost --command -- bash -c 'echo once; exit 3'");
    await kubectl("wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/restarted --timeout=30s");
    expect(await kubectl('logs restarted --previous')).toBe('once');
    await kubectl('delete pod restarted --force --grace-period=0');
    expect(await refused('logs web -n shop -c counter --previous')).toContain(
      'previous terminated container "counter" in pod "web" not found',
    );
  });

  it('need a container that exists', async () => {
    expect(await refused('logs web -n shop -c nope')).toBe('error: container nope is not valid for pod web');
    expect((await session.cluster.kubectl('logs web -n shop --tail=1')).stderr).toBe(
      'Defaulted container "server" out of: server, counter\n',
    );
  });
});

describe('exec and attach', () => {
  it('give output, error output and exit code', async () => {
    const result = await session.cluster.kubectl(`exec web -n shop -c counter -- bash -c 'echo out; echo err >&2; exit 7'`);
    expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 7\n' });
    expect(await kubectl('exec db -n shop -- hostname')).toBe('db');
  });

  it('end the input of the program when ours ends', async () => {
    const input = 'x'.repeat(500_000);
    expect(await kubectl('exec -i db -n shop -- wc -c', input)).toBe('500000');
    expect((await kubectl('exec db -n shop -- head -c 500000 /dev/zero | wc -c')).trim()).toBe('500000');
  });

  it('work over SPDY too', async () => {
    const result = await runProgram('bash', ['-c', 'kubectl exec -i db -n shop -- bash -c "cat; exit 3"'], {
      env: { ...session.cluster.env, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
      input: 'through\n',
    });
    expect(result).toEqual({ code: 3, stdout: 'through\n', stderr: 'command terminated with exit code 3\n' });
  });

  it('say what cannot be run', async () => {
    expect(await refused('exec db -n shop -- nosuchprogram')).toContain('exec: "nosuchprogram": executable file not found in $PATH');
    expect(await refused('exec db -n shop -c nope -- true')).toContain('container nope is not valid for pod db');
    expect(await refused('exec nope -n shop -- true')).toBe('Error from server (NotFound): pods "nope" not found');
  });

  it('attach shows what a container prints', async () => {
    const attached = background('kubectl attach web -n shop -c counter');
    await attached.until(/line \d+\nline \d+\n/);
    await attached.stop();
    expect(await kubectl('get pod web -n shop --no-headers')).toMatch(/^web\s+2\/2\s+Running\s+0\s/);
  });

  it('give a terminal that knows its size', async () => {
    const terminal = openTerminal('kubectl exec -it db -n shop -- bash');
    await terminal.until(/# $/);
    expect(await terminal.run('stty size; tty', /pts[^]*# $/)).toContain('30 100\n');
    terminal.resize(140, 50);
    await terminal.run(
      'for i in {1..50}; do s=$(stty size); [ "$s" = "50 140" ] && break; sleep 0.1; done; echo "now $s"',
      /^now 50 140$/m,
    );
    terminal.type('exit 4\n');
    expect(await terminal.end()).toBe(4);
  });

  it('copy files', async () => {
    const file = join(session.cluster.directory, 'file');
    writeFileSync(file, 'content\n');
    await kubectl(`cp ${file} shop/db:/tmp/copied`);
    expect(await kubectl('exec db -n shop -- cat /tmp/copied')).toBe('content');
    await kubectl(`cp shop/db:/tmp/copied ${file}.back`);
    expect(readFileSync(`${file}.back`, 'utf8')).toBe('content\n');
  });
});

describe.each([
  ['over WebSocket', 'true'],
  ['over SPDY', 'false'],
])('port-forward %s', (_name, webSockets) => {
  /** The local port of a forwarded one. */
  const forward = async (target: string): Promise<{ readonly port: number; readonly program: BackgroundProgram }> => {
    const program = background(`env KUBECTL_PORT_FORWARD_WEBSOCKETS=${webSockets} kubectl port-forward -n shop ${target}`);
    const output = await program.until(/Forwarding from 127\.0\.0\.1:\d+/);
    return { port: Number(/127\.0\.0\.1:(\d+)/.exec(output)?.[1]), program };
  };
  const ask = async (port: number, path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  it('carries many connections at once to a pod, and to a pod of a service', async () => {
    const { port } = await forward('pod/web :8080');
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(port, `/echo?msg=${'x'.repeat(5_000)}-${i}`)));
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => `${'x'.repeat(5_000)}-${i}`));
    const service = await forward('service/db :5432');
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(service.port, '127.0.0.1');
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    expect(said).toBe('db');
  });

  it('says why a port cannot be reached, and goes on with others', async () => {
    const { port, program } = await forward('pod/web :4');
    await expect(ask(port, '/')).rejects.toThrow('fetch failed');
    expect(await program.until(/an error occurred forwarding/)).toMatch(
      /error forwarding port 4 to pod shop\/web, uid [-0-9a-f]+: failed to connect to localhost:4 inside namespace/,
    );
  });
});

describe('run', () => {
  beforeAll(() => makeNamespace('ran'));

  it('takes labels, a port, an environment, a command and overrides', async () => {
    const overrides = JSON.stringify({ spec: { nodeName: 'node2', hostname: 'other' } });
    await kubectl(
      `run server -n ran --image=agnhost --labels=app=server,x=y --port=80 --env=GREETING=hi --overrides='${overrides}' --command -- bash -c 'trap exit TERM; echo $GREETING $HOSTNAME; while sleep 0.1; do :; done'`,
    );
    await kubectl('wait --for=condition=Ready pod/server -n ran --timeout=30s');
    const fields = "'{.metadata.labels}|{.spec.containers[0].ports[0].containerPort}|{.spec.nodeName}'";
    expect(await kubectl(`get pod server -n ran -o jsonpath=${fields}`)).toBe('{"app":"server","x":"y"}|80|node2');
    await background('kubectl logs -f server -n ran').until(/^(hi)? other$/m);
  });

  it('waits for the end of a program, gives its exit code and removes the pod', async () => {
    const result = await session.cluster.kubectl(
      `run once -n ran --image=agnhost --restart=Never --rm -i --command -- bash -c 'cat; exit 5'`,
      'typed\n',
    );
    expect([result.code, result.stdout]).toEqual([5, expect.stringMatching(/^typed$/m)]);
    expect(await refused('get pod once -n ran')).toContain('pods "once" not found');
  });

  it('keeps a finished pod', async () => {
    await kubectl('run done -n ran --image=agnhost --restart=Never --command -- true');
    await kubectl("wait --for=jsonpath='{.status.phase}'=Succeeded pod/done -n ran --timeout=30s");
    expect(await kubectl('get pod done -n ran')).toMatch(/^done\s+0\/1\s+Completed\s+0\s/m);
    expect(await refused('exec done -n ran -- true')).toContain(
      'cannot exec into a container in a completed pod; current phase is Succeeded',
    );
  });

  it('opens a working shell: line editing, jobs, Ctrl-C, a window that changes, and its exit code', async () => {
    const terminal = openTerminal('kubectl run -it shell -n ran --image=agnhost --rm --restart=Never --command -- bash');
    await terminal.until(/root@shell:\/# $/);
    expect(await terminal.run('stty size', /\d+ \d+\n.*# $/)).toContain('\n30 100\n');
    terminal.resize(72, 20);
    await terminal.run('for i in {1..50}; do s=$(stty size); [ "$s" = "20 72" ] && break; sleep 0.1; done; echo "now $s"', /^now 20 72$/m);
    // The erase character removes the last letter.
    expect(await terminal.run('echo abx\u007fc', /^abc\n.*# $/m)).toContain('abc');
    // An answer comes only from a program that has started: bash loses a signal between its fork and the program's start.
    await terminal.run('sed -u s/ping/pong/\nping', /^pong$/m);
    terminal.type('\u0003');
    // What is typed before the prompt is back may be lost: the signal empties the terminal's queues.
    await terminal.until(/\^C[^]*# $/);
    expect(await terminal.run('echo code=$?', /^code=\d+\n.*# $/m)).toContain('code=130');
    const target = `${await session.cluster.addressOf('shop', 'db')}:5432`;
    expect(await terminal.run(`/agnhost connect ${target} --timeout=1s`, /TIMEOUT\n.*# $/)).toContain('TIMEOUT');
    terminal.type('exit 6\n');
    expect(await terminal.end()).toBe(6);
    expect(await refused('get pod shell -n ran')).toContain('pods "shell" not found');
  });
});

describe('deployments', () => {
  beforeAll(() => makeNamespace('deployed'));

  it('roll out, scale, roll back', async () => {
    const status = (): Promise<string> => kubectl('rollout status deployment/d -n deployed --timeout=60s');
    await kubectl('create deployment d -n deployed --image=agnhost:1 --replicas=2 -- /agnhost netexec');
    expect(await status()).toContain('deployment "d" successfully rolled out');
    expect(await kubectl('scale deployment/d -n deployed --replicas=3')).toBe('deployment.apps/d scaled');
    await status();
    expect(await kubectl('get deployment d -n deployed -o wide')).toMatch(/^d\s+3\/3\s+3\s+3\s+\S+\s+agnhost\s+agnhost:1\s+app=d$/m);
    expect(await refused('scale deployment/d -n deployed --current-replicas=9 --replicas=1')).toContain('Expected replicas to be 9, was 3');
    await kubectl('set image deployment/d -n deployed agnhost=agnhost:2');
    await status();
    expect(await kubectl('rollout history deployment/d -n deployed')).toMatch(/^1\s+<none>\n2\s+<none>$/m);
    expect(await kubectl('rollout undo deployment/d -n deployed')).toBe('deployment.apps/d rolled back');
    await status();
    expect(await kubectl("get deployment d -n deployed -o jsonpath='{.spec.template.spec.containers[0].image}'")).toBe('agnhost:1');
    expect(await kubectl('rollout history deployment/d -n deployed')).toMatch(/^2\s+<none>\n3\s+<none>$/m);
    expect(await kubectl('expose deployment d -n deployed --port=80 --target-port=8080')).toBe('service/d exposed');
    await kubectl('scale deployment/d -n deployed --replicas=0');
  });
});

describe('a restart of the control plane', () => {
  it('loses nothing, and watches go on', async () => {
    await makeNamespace('kept');
    await kubectl('create configmap before -n kept --from-literal=a=b');
    const before = await kubectl("get configmap before -n kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'");
    const waiting = background('kubectl wait --for=jsonpath={.data.done}=yes configmap/before -n kept --timeout=60s -v=6');
    await waiting.until(/watch=true\S*" status="200 OK"/);
    const address = await session.cluster.addressOf('shop', 'db');
    await session.cluster.killControlPlane();
    await expect.poll(() => session.cluster.kubectl('get --raw /readyz').then(({ stdout }) => stdout), { timeout: 30_000 }).toBe('ok');
    expect(await kubectl("get configmap before -n kept -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'")).toBe(before);
    expect(await session.cluster.addressOf('shop', 'db')).toBe(address);
    expect(await session.cluster.connect({ namespace: 'shop', pod: 'web' }, `${address}:5432`)).toMatch(/^(Defaulted container .*)?$/);
    // The nodes and the controllers found the new server too.
    await kubectl('run after -n kept --image=agnhost');
    await kubectl('wait --for=condition=Ready pod/after -n kept --timeout=60s');
    expect(await kubectl('get pod web -n shop --no-headers')).toMatch(/^web\s+2\/2\s+Running\s+0\s/);
    await kubectl(`patch configmap before -n kept -p '{"data":{"done":"yes"}}'`);
    await waiting.until(/configmap\/before condition met/);
  });
});

/** The oldest kubectl that is supported, and the machine's own if it has one. */
const otherKubectls: readonly (readonly [name: string, program: string])[] = [
  ['1.32', 'kubectl-1.32'],
  ...(process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'kubectl'))
    .filter((program) => existsSync(program) && !program.includes('.setup'))
    .slice(0, 1)
    .map((program) => ['of the machine', program] as const),
];

describe.each(otherKubectls)('kubectl %s', (name, program) => {
  const namespace = name === '1.32' ? 'old' : 'own';
  const old = (line: string, input?: string): Promise<Finished> =>
    runProgram('bash', ['-c', `${program} --cache-dir=${join(session.cluster.directory, `cache-${namespace}`)} ${line}`], {
      env: session.cluster.env,
      input,
    });
  /** Its output where it must succeed. */
  const told = async (line: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await old(line, input);
    expect(code, `${line}\n${stderr}`).toBe(0);
    return stdout;
  };

  it('runs pods, lists them and talks to them', async () => {
    expect(await told('version')).toMatch(name === '1.32' ? /^Client Version: v1\.32\.\d+$/m : /Client Version: /);
    expect(await told(`create namespace ${namespace}`)).toBe(`namespace/${namespace} created\n`);
    expect(await told(`run p -n ${namespace} --image=agnhost --labels=app=p`)).toBe('pod/p created\n');
    expect(await told(`wait --for=condition=Ready pod/p -n ${namespace} --timeout=60s`)).toBe('pod/p condition met\n');
    expect(await told(`get pod p -n ${namespace} -o wide`)).toMatch(/^p\s+1\/1\s+Running\s+0\s/m);
    expect(await told(`label pod p -n ${namespace} x=y`)).toBe('pod/p labeled\n');
    expect(await old(`exec -i p -n ${namespace} -- bash -c 'cat; exit 3'`, 'typed')).toMatchObject({ code: 3, stdout: 'typed' });
    expect(await told(`logs p -n ${namespace}`)).toBe('Paused\n');
    expect(await told(`describe pod p -n ${namespace}`)).toMatch(/Normal\s+Started\s/);
    await told(`cp ${join(import.meta.dirname, 'shop.yaml')} ${namespace}/p:/tmp/shop.yaml`);
    expect(await told(`exec p -n ${namespace} -- cat /tmp/shop.yaml`)).toBe(shop);
  });

  it('keeps workloads, services and policies', async () => {
    const policy = shop.slice(shop.indexOf('apiVersion: networking')).replace('namespace: shop', `namespace: ${namespace}`);
    expect(await told('apply -f -', policy)).toBe('networkpolicy.networking.k8s.io/db created\n');
    expect(await told('apply -f -', policy)).toMatch(/^networkpolicy\.networking\.k8s\.io\/db (unchanged|configured)$/m);
    expect(await told('apply --server-side --force-conflicts -f -', policy)).toBe(
      'networkpolicy.networking.k8s.io/db serverside-applied\n',
    );
    expect(await told(`describe netpol db -n ${namespace}`)).toContain('PodSelector: app=web');
    expect(await told(`create deployment d -n ${namespace} --image=agnhost --port=80`)).toBe('deployment.apps/d created\n');
    expect(await told(`set image deployment/d -n ${namespace} agnhost=agnhost:2.46`)).toBe('deployment.apps/d image updated\n');
    expect(await told(`rollout status deployment/d -n ${namespace} --timeout=60s`)).toContain('deployment "d" successfully rolled out');
    expect(await told(`scale deployment/d -n ${namespace} --replicas=0`)).toBe('deployment.apps/d scaled\n');
    expect(await told(`expose deployment d -n ${namespace}`)).toBe('service/d exposed\n');
    expect(await told(`auth can-i create pods -n ${namespace}`)).toBe('yes\n');
    expect(await told(`delete namespace ${namespace}`)).toBe(`namespace "${namespace}" deleted\n`);
  });
});
