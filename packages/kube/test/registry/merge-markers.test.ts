/**
 * How lists and objects of the built-in kinds are merged. The tables are the markers of Kubernetes' own OpenAPI
 * (`x-kubernetes-list-type`, `-map-keys`, `-map-type`, `-patch-strategy`, `-patch-merge-key`); what they do not name is replaced as a whole.
 */
import { describe, expect, it } from 'vitest';
import { builtInSchemas, parseSchemas, type Schema } from '../../src/index.ts';

function fieldOf(place: string): Schema | undefined {
  const [type = '', field = ''] = place.split('.');
  return builtInSchemas.get(type)?.fields.get(field);
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

describe('lists whose members have keys', () => {
  it.each([
    ['ObjectMeta.ownerReferences', ['uid']],
    ['PodSpec.containers', ['name']],
    ['PodSpec.initContainers', ['name']],
    ['PodSpec.ephemeralContainers', ['name']],
    ['PodSpec.volumes', ['name']],
    ['PodSpec.imagePullSecrets', ['name']],
    ['PodSpec.hostAliases', ['ip']],
    ['PodSpec.topologySpreadConstraints', ['topologyKey', 'whenUnsatisfiable']],
    ['PodSpec.schedulingGates', ['name']],
    ['PodSpec.resourceClaims', ['name']],
    ['Container.ports', ['containerPort', 'protocol']],
    ['Container.env', ['name']],
    ['Container.volumeMounts', ['mountPath']],
    ['Container.volumeDevices', ['devicePath']],
    ['PodStatus.conditions', ['type']],
    ['PodStatus.podIPs', ['ip']],
    ['ServiceSpec.ports', ['port', 'protocol']],
    ['ServiceStatus.conditions', ['type']],
    ['ServiceAccount.secrets', ['name']],
    ['NamespaceStatus.conditions', ['type']],
    ['NodeStatus.conditions', ['type']],
    ['NodeStatus.addresses', ['type']],
    ['PersistentVolumeClaimStatus.conditions', ['type']],
    ['DeploymentStatus.conditions', ['type']],
    ['ReplicaSetStatus.conditions', ['type']],
    ['StatefulSetStatus.conditions', ['type']],
    ['DaemonSetStatus.conditions', ['type']],
    ['PodDisruptionBudgetStatus.conditions', ['type']],
    ['MutatingWebhookConfiguration.webhooks', ['name']],
    ['ValidatingWebhookConfiguration.webhooks', ['name']],
    ['MutatingWebhook.matchConditions', ['name']],
    ['ValidatingWebhook.matchConditions', ['name']],
    ['ValidatingAdmissionPolicySpec.matchConditions', ['name']],
    ['ValidatingAdmissionPolicySpec.variables', ['name']],
    ['JSONSchemaProps.x-kubernetes-validations', ['rule']],
  ])('%s: patches use the first key, server-side apply %j', (place, keys) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'map', keys }, patch: { kind: 'byKey', key: keys[0] } });
  });

  it.each(['PodStatus.hostIPs', 'JobStatus.conditions'])('%s: only patches use the key, server-side apply takes all', (place) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'atomic' }, patch: { kind: 'byKey' } });
  });

  it.each(['ResourceRequirements.claims', 'CustomResourceDefinitionStatus.conditions', 'ValidatingAdmissionPolicyStatus.conditions'])(
    '%s: only server-side apply uses the key, patches replace all',
    (place) => {
      expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'map' }, patch: { kind: 'replace' } });
    },
  );
});

describe('sets', () => {
  it.each(['ObjectMeta.finalizers', 'NodeSpec.podCIDRs'])('%s: patches add to it', (place) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'set' }, patch: { kind: 'union' } });
  });

  it.each([
    'Endpoint.addresses',
    'UncountedTerminatedPods.succeeded',
    'UncountedTerminatedPods.failed',
    'PodFailurePolicyOnExitCodesRequirement.values',
    'ContainerRestartRuleOnExitCodes.values',
    'ValidatingAdmissionPolicyBindingSpec.validationActions',
  ])('%s: patches replace it', (place) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'set' }, patch: { kind: 'replace' } });
  });
});

describe('lists that are replaced as a whole', () => {
  it.each(
    words(`
      PodSpec.tolerations PodSpec.readinessGates Container.command Container.args Container.envFrom
      NetworkPolicySpec.ingress NetworkPolicySpec.egress NetworkPolicySpec.policyTypes IPBlock.except
      NetworkPolicyIngressRule.from NetworkPolicyIngressRule.ports NetworkPolicyEgressRule.to
      NetworkPolicyEgressRule.ports ServiceSpec.clusterIPs ServiceSpec.externalIPs LoadBalancerStatus.ingress
      ServiceAccount.imagePullSecrets Role.rules ClusterRole.rules RoleBinding.subjects Endpoints.subsets
      EndpointSlice.endpoints EndpointSlice.ports IngressSpec.rules IngressSpec.tls
      StatefulSetSpec.volumeClaimTemplates NodeSpec.taints NamespaceSpec.finalizers PodStatus.containerStatuses
      LimitRangeSpec.limits CustomResourceDefinitionSpec.versions CronJobStatus.active
    `),
  )('%s', (place) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'list', merge: { kind: 'atomic' }, patch: { kind: 'replace' } });
  });
});

describe('objects and maps that are one field to server-side apply', () => {
  it.each(
    words(`
      LabelSelector OwnerReference ObjectReference LocalObjectReference TypedLocalObjectReference
      ConfigMapKeySelector SecretKeySelector FileKeySelector ObjectFieldSelector ResourceFieldSelector NodeSelector
      NodeSelectorTerm ScopeSelector EndpointAddress CoreEndpointPort EndpointPort RoleRef Subject ParamKind
      ParamRef MatchResources NamedRuleWithOperations AdmissionVariable
    `),
  )('%s', (name) => {
    expect(builtInSchemas.get(name)).toMatchObject({ atomic: true, patch: 'merge' });
  });

  it.each(['PodSpec.nodeSelector', 'ServiceSpec.selector', 'Scheduling.nodeSelector'])('%s', (place) => {
    expect(fieldOf(place)).toMatchObject({ kind: 'map', atomic: true });
  });

  it.each(['ObjectMeta.labels', 'ObjectMeta.annotations', 'ConfigMap.data', 'Secret.data', 'ResourceRequirements.limits'])(
    'unlike %s, whose members have owners of their own',
    (place) => {
      expect(fieldOf(place)).toMatchObject({ kind: 'map', atomic: false });
    },
  );
});

describe('objects that patches do not merge', () => {
  it('are the strategy of a Deployment, its fields retained by name, and the selector of a budget, replaced', () => {
    expect(fieldOf('DeploymentSpec.strategy')).toMatchObject({ patch: 'retainKeys' });
    expect(fieldOf('PodDisruptionBudgetSpec.selector')).toMatchObject({ patch: 'replace', atomic: true });
    expect(fieldOf('PodSpec.volumes')).toMatchObject({ items: { patch: 'retainKeys' } });
  });
});

describe('the marks of the notation', () => {
  const types = parseSchemas('Whole~: a\nHolder: apiVersion metadata:Whole kept+:Whole map:{s}~ list:Whole[a]~ union:s[set]= other:Whole=');
  const fields = types.get('Holder')?.fields;

  it('say what is one field, what patches replace and what is always there', () => {
    expect(types.get('Whole')).toMatchObject({ name: 'Whole', atomic: true });
    expect(fields?.get('map')).toMatchObject({ kind: 'map', atomic: true });
    expect(fields?.get('list')).toMatchObject({ merge: { kind: 'atomic' }, patch: { kind: 'byKey', key: 'a' } });
    expect(fields?.get('union')).toMatchObject({ merge: { kind: 'set' }, patch: { kind: 'replace' } });
    expect(fields?.get('other')).toMatchObject({ atomic: true, patch: 'replace' });
    expect([...(types.get('Holder')?.always ?? [])].sort()).toEqual(['kept', 'metadata', 'spec', 'status']);
  });

  it('are refused where they mean nothing', () => {
    expect(() => parseSchemas('A: a:s~')).toThrow('only maps, lists and objects have parts');
    expect(() => parseSchemas('A: a:{s}=')).toThrow('only lists and objects can be replaced');
  });
});
