import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectlPath } from '../support/kubectl.ts';
import { TestServer } from '../support/test-server.ts';

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: demo-policy
  namespace: demo
spec:
  podSelector:
    matchLabels:
      app: server
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: client
    ports:
    - port: 80
      protocol: TCP
`;

let server: TestServer;
let kubectl: string;
beforeAll(async () => {
  [server, kubectl] = await Promise.all([TestServer.start(), kubectlPath()]);
});
afterAll(() => server.dispose());

async function run(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await server.run(kubectl, args, input);
  expect(code, `kubectl ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

async function fail(args: readonly string[], input = ''): Promise<string> {
  const { code, stderr } = await server.run(kubectl, args, input);
  expect(code).not.toBe(0);
  return stderr;
}

describe('kubectl 1.35', () => {
  it('does what the article does, without nodes', { timeout: 120_000 }, async () => {
    expect(await run(['create', 'namespace', 'demo'])).toBe('namespace/demo created\n');
    const serverArgs = ['run', 'server', '-n', 'demo', '--image=registry.example/agnhost:2.33', '--labels=app=server', '--port=80'];
    await run([...serverArgs, '--command', '--', '/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port', '80']);
    await run(['run', 'client', '-n', 'demo', '--image=x', '--overrides', '{"spec":{"nodeSelector":{"kubernetes.io/os":"linux"}}}']);
    expect(await run(['get', 'pod', '-n', 'demo', '--output=wide'])).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nclient +0\/1 +Pending +0 +\ds +<none> +<none> +<none> +<none>\nserver .*\n$/,
    );
    expect(await run(['apply', '-f', '-'], policy)).toBe('networkpolicy.networking.k8s.io/demo-policy created\n');
    expect(await run(['apply', '-f', '-'], policy)).toBe('networkpolicy.networking.k8s.io/demo-policy unchanged\n');
    expect(await run(['apply', '-f', '-'], policy.replace('80', '81'))).toBe('networkpolicy.networking.k8s.io/demo-policy configured\n');
    expect(await run(['get', 'netpol', '-n', 'demo'])).toMatch(/demo-policy +app=server +\ds/);
    const described = await run(['describe', 'networkpolicy', 'demo-policy', '-n', 'demo']);
    expect(described).toContain('To Port: 81/TCP');
    expect(described).toContain('Policy Types: Ingress');
    expect(await run(['label', 'pod', 'client', '-n', 'demo', 'app=client'])).toBe('pod/client labeled\n');
    expect(await run(['get', 'pods', '-n', 'demo', '-l', 'app=client', '-o', 'name'])).toBe('pod/client\n');
    await run(['describe', 'pod', 'client', '-n', 'demo']);
    await run(['wait', '--for=jsonpath={.status.phase}=Pending', 'pod/server', '-n', 'demo', '--timeout=10s']);
    expect(await run(['delete', 'pod', 'client', '-n', 'demo'])).toContain('pod "client" deleted');
    await run(['wait', '--for=delete', 'pod/client', '-n', 'demo', '--timeout=10s']);
    await run(['delete', 'namespace', 'demo', '--wait=false']);
    expect(await run(['get', 'namespace', 'demo'])).toMatch(/demo +Terminating/);
  });

  it('creates and shows the other kinds', { timeout: 120_000 }, async () => {
    await run(['create', 'deployment', 'd1', '--image=nginx', '--replicas=2']);
    await run(['create', 'service', 'clusterip', 's1', '--tcp=80:8080']);
    await run(['create', 'configmap', 'cm', '--from-literal=a=b']);
    await run(['create', 'secret', 'generic', 'sec', '--from-literal=a=b']);
    await run(['create', 'serviceaccount', 'sa']);
    await run(['set', 'image', 'deployment/d1', 'nginx=nginx:2']);
    await run(['scale', 'deployment/d1', '--replicas=3']);
    expect(await run(['get', 'deployment', 'd1', '-o', 'wide'])).toMatch(/d1 +0\/3 +0 +0 +\ds +nginx +nginx:2 +app=d1/);
    expect(await run(['get', 'service', 's1'])).toMatch(/s1 +ClusterIP +10\.0\.0\.\d+ +<none> +80\/TCP/);
    expect(await run(['get', 'secret', 'sec', '-o', 'jsonpath={.data.a}'])).toBe('Yg==');
    expect(await run(['get', 'all'])).toContain('deployment.apps/d1');
    await run(['patch', 'configmap', 'cm', '--type=json', '-p', '[{"op":"add","path":"/data/c","value":"d"}]']);
    expect(await run(['get', 'cm', 'cm', '-o', 'jsonpath={.data}'])).toBe('{"a":"b","c":"d"}');
    await run(['apply', '--server-side', '-f', '-'], policy.replace('namespace: demo', 'namespace: default'));
    await run(['apply', '--server-side', '-f', '-'], policy.replace('namespace: demo', 'namespace: default'));
  });

  it('follows changes with get -w', { timeout: 60_000 }, async () => {
    await run(['create', 'configmap', 'watched', '--from-literal=a=b']);
    const following = server.run(kubectl, ['get', 'configmap', 'watched', '-w', '--request-timeout=8s']);
    // The watch starts with the object; what is changed meanwhile or afterwards is seen either way.
    await run(['patch', 'configmap', 'watched', '-p', '{"data":{"c":"d"}}']);
    await run(['patch', 'configmap', 'watched', '-p', '{"data":{"c":"d","e":"f"}}']);
    expect((await following).stdout).toMatch(/^NAME +DATA +AGE\n(watched +\d +\d+s\n)*watched +3 +\d+s\n$/);
  });

  it('shows errors in the words of the real server', { timeout: 60_000 }, async () => {
    const local = policy.replace('namespace: demo', 'namespace: default').replace('demo-policy', 'errors');
    expect(await fail(['get', 'pod', 'nope'])).toBe('Error from server (NotFound): pods "nope" not found\n');
    expect(await fail(['create', 'namespace', 'default'])).toBe('Error from server (AlreadyExists): namespaces "default" already exists\n');
    expect(await fail(['create', '-f', '-'], local.replace('port: 80', 'port: 800000'))).toBe(
      'The NetworkPolicy "errors" is invalid: spec.ingress[0].ports[0].port: Invalid value: 800000: must be between 1 and 65535, inclusive\n',
    );
    expect(await fail(['create', '-f', '-'], local.replace('podSelector:\n    match', 'podSelectors:\n    match'))).toContain(
      'NetworkPolicy in version "v1" cannot be handled as a NetworkPolicy: strict decoding error: unknown field "spec.podSelectors"',
    );
    expect(await fail(['run', 'x', '-n', 'nope', '--image=x'])).toContain('namespaces "nope" not found');
  });
});
