/** Every kind that is served, made, listed with all columns and described by the unmodified kubectl. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KubectlSession } from './kubectl-session.ts';

const session = new KubectlSession();
const { kubectl } = session;

/** What kubectl can make from its command line: the arguments, and the kind and name that it tells of. */
const generators: readonly (readonly [string, string])[] = [
  ['namespace other-kinds', 'namespace/other-kinds'],
  ['configmap settings -n kinds --from-literal=a=b', 'configmap/settings'],
  ['secret generic plain -n kinds --from-literal=a=b', 'secret/plain'],
  ['secret docker-registry registry -n kinds --docker-server=r --docker-username=u --docker-password=p', 'secret/registry'],
  ['serviceaccount robot -n kinds', 'serviceaccount/robot'],
  ['deployment web -n kinds --image=agnhost --port=80 --replicas=1', 'deployment.apps/web'],
  ['job once -n kinds --image=agnhost -- /agnhost help', 'job.batch/once'],
  ["cronjob often -n kinds --image=agnhost --schedule='0 0 1 1 *' -- /agnhost help", 'cronjob.batch/often'],
  ['job now -n kinds --from=cronjob/often', 'job.batch/now'],
  ['role reader -n kinds --verb=get --resource=pods,deployments.apps', 'role.rbac.authorization.k8s.io/reader'],
  ['rolebinding readers -n kinds --role=reader --serviceaccount=kinds:robot', 'rolebinding.rbac.authorization.k8s.io/readers'],
  ['clusterrole everything-of-a --aggregation-rule=a=b', 'clusterrole.rbac.authorization.k8s.io/everything-of-a'],
  ["clusterrole logs --verb=get --non-resource-url='/logs/*'", 'clusterrole.rbac.authorization.k8s.io/logs'],
  ['clusterrolebinding loggers --clusterrole=logs --user=u --group=g', 'clusterrolebinding.rbac.authorization.k8s.io/loggers'],
  ['service clusterip inside -n kinds --tcp=80:8080', 'service/inside'],
  ['service clusterip headless -n kinds --clusterip=None', 'service/headless'],
  ['service nodeport outside -n kinds --tcp=80:80', 'service/outside'],
  ['service loadbalancer balanced -n kinds --tcp=80:80', 'service/balanced'],
  ['service externalname elsewhere -n kinds --external-name=h.example.com', 'service/elsewhere'],
  ["ingress paths -n kinds --rule='h/p*=inside:80,tls=s' --class=gate --annotation=a=b", 'ingress.networking.k8s.io/paths'],
  ['ingress rest -n kinds --default-backend=inside:80', 'ingress.networking.k8s.io/rest'],
  ['poddisruptionbudget careful -n kinds --selector=app=web --min-available=1', 'poddisruptionbudget.policy/careful'],
  ['priorityclass important --value=7 --description=first --preemption-policy=Never', 'priorityclass.scheduling.k8s.io/important'],
  ['quota much -n kinds --hard=pods=100,services=50,cpu=9', 'resourcequota/much'],
];

/** What `get -o wide` prints above each kind (`pkg/printers/internalversion`), and what `describe` must say somewhere. */
const kinds: Readonly<Record<string, readonly [columns: string, described: RegExp]>> = {
  configmaps: ['NAME DATA AGE', /^Name: +settings\n[^]*?^Data\n====\na:\n----\nb$/m],
  endpoints: ['NAME ENDPOINTS AGE', /^Name: +kubernetes\n[^]*?^ +https +6443 +TCP$/m],
  events: ['LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME', /^Reason: +Scheduled$/m],
  limitranges: ['NAME CREATED AT', /^Container +cpu +- +- +100m +500m +-$/m],
  namespaces: ['NAME STATUS AGE', /^Name: +kinds\n[^]*?^ +Name: +much\n[^]*?^ +pods +\d+ +100$/m],
  nodes: [
    'NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME',
    /^Name: +node1\n[^]*?^ +Ready +True /m,
  ],
  persistentvolumeclaims: [
    'NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE VOLUMEMODE',
    /^Name: +claim\n[^]*?^Status: +Pending$/m,
  ],
  persistentvolumes: [
    'NAME CAPACITY ACCESS MODES RECLAIM POLICY STATUS CLAIM STORAGECLASS VOLUMEATTRIBUTESCLASS REASON AGE VOLUMEMODE',
    /^Name: +disk\n[^]*?^Reclaim Policy: +Retain\n[^]*?^ +Type: +HostPath /m,
  ],
  pods: ['NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES', /^Controlled By: +StatefulSet\/numbered$/m],
  resourcequotas: ['NAME REQUEST LIMIT AGE', /^Name: +much\n[^]*?^services +5 +50$/m],
  secrets: ['NAME TYPE DATA AGE', /^Type: +kubernetes\.io\/dockerconfigjson$/m],
  serviceaccounts: ['NAME SECRETS AGE', /^Name: +robot$/m],
  services: ['NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR', /^Name: +elsewhere\n[^]*?^External Name: +h\.example\.com$/m],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': ['NAME WEBHOOKS AGE', /^Kind: +MutatingWebhookConfiguration$/m],
  'validatingadmissionpolicies.admissionregistration.k8s.io': ['NAME VALIDATIONS PARAMKIND AGE', /^ +Expression: +true$/m],
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': ['NAME POLICYNAME PARAMREF AGE', /^ +Policy Name: +lenient$/m],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': ['NAME WEBHOOKS AGE', /^Kind: +ValidatingWebhookConfiguration$/m],
  'customresourcedefinitions.apiextensions.k8s.io': ['NAME CREATED AT', /^ +Type: +Established$/m],
  'widgets.example.com': ['NAME SIZE', /^Kind: +Widget$/m],
  'controllerrevisions.apps': ['NAME CONTROLLER REVISION AGE', /^Name: +numbered-\S+$/m],
  'daemonsets.apps': [
    'NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE CONTAINERS IMAGES SELECTOR',
    /^Desired Number of Nodes Scheduled: 0$/m,
  ],
  'deployments.apps': [
    'NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR',
    /^Name: +web\n[^]*?^NewReplicaSet: +web-\S+ \(1\/1 replicas created\)$/m,
  ],
  'replicasets.apps': ['NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR', /^Controlled By: +Deployment\/web$/m],
  'statefulsets.apps': ['NAME READY AGE CONTAINERS IMAGES', /^Replicas: +1 desired \| 1 total$/m],
  'cronjobs.batch': [
    'NAME SCHEDULE TIMEZONE SUSPEND ACTIVE LAST SCHEDULE AGE CONTAINERS IMAGES SELECTOR',
    /^Name: +often\n[^]*?^Schedule: +0 0 1 1 \*$/m,
  ],
  'jobs.batch': ['NAME STATUS COMPLETIONS DURATION AGE CONTAINERS IMAGES SELECTOR', /^Controlled By: +CronJob\/often$/m],
  'leases.coordination.k8s.io': ['NAME HOLDER AGE', /^ +Holder Identity: +node1$/m],
  'endpointslices.discovery.k8s.io': ['NAME ADDRESSTYPE PORTS ENDPOINTS AGE', /^AddressType: +IPv4$/m],
  'events.events.k8s.io': [
    'LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME',
    /^API Version: +events\.k8s\.io\/v1$/m,
  ],
  'ingressclasses.networking.k8s.io': ['NAME CONTROLLER PARAMETERS AGE', /^Controller: +example\.com\/gate$/m],
  'ingresses.networking.k8s.io': ['NAME CLASS HOSTS ADDRESS PORTS AGE', /^ +\/p +inside:80 \(\)$/m],
  'networkpolicies.networking.k8s.io': [
    'NAME POD-SELECTOR AGE',
    /^Name: +closed\n[^]*?^ +<none> \(Selected pods are isolated for ingress connectivity\)$/m,
  ],
  'runtimeclasses.node.k8s.io': ['NAME HANDLER AGE', /^Handler: +sandbox$/m],
  'adminnetworkpolicies.policy.networking.k8s.io': ['NAME PRIORITY AGE', /^Name: +before\n[^]*?^ +Action: +Pass$/m],
  'baselineadminnetworkpolicies.policy.networking.k8s.io': ['NAME AGE', /^Kind: +BaselineAdminNetworkPolicy$/m],
  'clusternetworkpolicies.policy.networking.k8s.io': ['NAME TIER PRIORITY AGE', /^Name: +whole\n[^]*?^ +Tier: +Baseline$/m],
  'poddisruptionbudgets.policy': [
    'NAME MIN AVAILABLE MAX UNAVAILABLE ALLOWED DISRUPTIONS AGE',
    /^Name: +careful\n[^]*?^Min available: +1$/m,
  ],
  'clusterrolebindings.rbac.authorization.k8s.io': ['NAME ROLE AGE USERS GROUPS SERVICEACCOUNTS', /^ +Group +g *$/m],
  'clusterroles.rbac.authorization.k8s.io': ['NAME CREATED AT', /^ +\[\/logs\/\*\] +\[\] +\[get\]$/m],
  'rolebindings.rbac.authorization.k8s.io': ['NAME ROLE AGE USERS GROUPS SERVICEACCOUNTS', /^ +ServiceAccount +robot +kinds$/m],
  'roles.rbac.authorization.k8s.io': ['NAME CREATED AT', /^ +deployments\.apps +\[\] +\[\] +\[get\]$/m],
  'storageclasses.storage.k8s.io': [
    'NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE ALLOWVOLUMEEXPANSION AGE',
    /^Name: +standard\nIsDefaultClass: +Yes$/m,
  ],
  'priorityclasses.scheduling.k8s.io': ['NAME VALUE GLOBAL-DEFAULT AGE PREEMPTIONPOLICY', /^Name: +important\nValue: +7$/m],
};
let made: readonly string[];
beforeAll(async () => {
  await kubectl('create namespace kinds');
  made = (await kubectl(generators.map(([args]) => `create ${args}`).join(' && kubectl '))).split('\n');
  await kubectl('apply -f -', readFileSync(join(import.meta.dirname, 'every-kind.yaml'), 'utf8'));
  await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=60s');
  await kubectl(
    'apply -f -',
    '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"kinds"},"spec":{"size":3}}',
  );
  await kubectl('rollout status deployment/web -n kinds --timeout=60s');
  await kubectl('rollout status statefulset/numbered -n kinds --timeout=60s');
  await kubectl("wait --for=jsonpath='{.status.used.services}'=5 quota/much -n kinds --timeout=60s");
});

describe('every kind', () => {
  it('that kubectl has words for is made by them', () => {
    expect(made).toEqual(generators.map(([, name]) => `${name} created`));
  });

  it('that is served is in the table of this test', async () => {
    // Those of Calico and Cilium have the columns that their definitions say, and tests of their own.
    const served = (await kubectl('api-resources --verbs=list -o name'))
      .split('\n')
      .filter((name) => !/\.(projectcalico\.org|cilium\.io)$/.test(name));
    expect(served.toSorted()).toEqual(Object.keys(kinds).toSorted());
  });

  it('is listed with the columns of the real server', async () => {
    const names = Object.keys(kinds);
    // Sections of several kinds come in the order that was asked for.
    const sections = (await kubectl(`get ${names.join(',')} -A -o wide`)).split('\n\n');
    const headers = sections.map((section) => (section.split('\n')[0] ?? '').replace(/^NAMESPACE +/, '').replace(/ +/g, ' '));
    expect(headers).toEqual(names.map((name) => kinds[name]?.[0]));
  });

  it.concurrent.each(Object.entries(kinds))('is described: %s', async (name, [, described]) => {
    expect(await kubectl(`describe ${name} -A`)).toMatch(described);
  });
});
