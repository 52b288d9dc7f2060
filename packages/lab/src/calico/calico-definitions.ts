/**
 * The kinds of Calico and of its operator as AKS installs them: Calico 3.30 in `crd.projectcalico.org/v1`, the operator
 * in `operator.tigera.io/v1`. Written from the reference on Calico, not from its files.
 */
import { type KubeObject, schemaWords } from '@weir/kube';
import { configurationSpecs, configurationStatuses, operatorSpecs, operatorStatuses } from './configuration-schemas.ts';
import { policySpecs } from './policy-schemas.ts';

const { fields, text } = schemaWords;
type Schema = schemaWords.Schema;

/** The group of Calico's own kinds. */
export const calicoGroup = 'crd.projectcalico.org';
/** The group of its operator's. */
export const operatorGroup = 'operator.tigera.io';

/** One kind; its only version is v1. */
export interface CalicoKind {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** Default: cluster-wide. */
  readonly isNamespaced?: true;
  readonly spec: Schema;
  /** What it has as a status, by a subresource of its own. */
  readonly status?: Schema;
  readonly columns?: readonly object[];
}

const of = (group: string): ((plural: string, kind: string, spec: Schema, more?: Partial<CalicoKind>) => CalicoKind) => {
  return (plural, kind, spec, more = {}) => ({ group, plural, kind, spec, ...more });
};
const calico = of(calicoGroup);
const operator = of(operatorGroup);
const isNamespaced = true;
const { conditions } = configurationStatuses;

const conditionColumn = (name: string, description: string): object => ({
  name,
  type: 'string',
  description,
  jsonPath: `.status.conditions[?(@.type=='${name}')].status`,
});

/** All of them. */
export const calicoKinds: readonly CalicoKind[] = [
  calico('networkpolicies', 'NetworkPolicy', policySpecs.networkPolicy, { isNamespaced }),
  calico('globalnetworkpolicies', 'GlobalNetworkPolicy', policySpecs.globalNetworkPolicy),
  calico('stagednetworkpolicies', 'StagedNetworkPolicy', policySpecs.stagedNetworkPolicy, { isNamespaced }),
  calico('stagedglobalnetworkpolicies', 'StagedGlobalNetworkPolicy', policySpecs.stagedGlobalNetworkPolicy),
  calico('stagedkubernetesnetworkpolicies', 'StagedKubernetesNetworkPolicy', policySpecs.stagedKubernetesNetworkPolicy, { isNamespaced }),
  calico('networksets', 'NetworkSet', policySpecs.networkSet, { isNamespaced }),
  calico('globalnetworksets', 'GlobalNetworkSet', policySpecs.networkSet),
  calico('tiers', 'Tier', policySpecs.tier, { status: conditions }),
  calico('hostendpoints', 'HostEndpoint', policySpecs.hostEndpoint),
  calico('clusterinformations', 'ClusterInformation', configurationSpecs.clusterInformation),
  calico('felixconfigurations', 'FelixConfiguration', configurationSpecs.felixConfiguration),
  calico('kubecontrollersconfigurations', 'KubeControllersConfiguration', configurationSpecs.kubeControllersConfiguration, {
    status: configurationStatuses.kubeControllersConfiguration,
  }),
  calico('ippools', 'IPPool', configurationSpecs.ipPool, { status: conditions }),
  calico('ipreservations', 'IPReservation', configurationSpecs.ipReservation),
  calico('ipamblocks', 'IPAMBlock', configurationSpecs.ipamBlock),
  calico('ipamhandles', 'IPAMHandle', configurationSpecs.ipamHandle),
  calico('ipamconfigs', 'IPAMConfig', configurationSpecs.ipamConfig),
  calico('blockaffinities', 'BlockAffinity', configurationSpecs.blockAffinity),
  calico('bgppeers', 'BGPPeer', configurationSpecs.bgpPeer),
  calico('bgpconfigurations', 'BGPConfiguration', configurationSpecs.bgpConfiguration),
  calico('bgpfilters', 'BGPFilter', configurationSpecs.bgpFilter),
  calico('caliconodestatuses', 'CalicoNodeStatus', configurationSpecs.calicoNodeStatus, { status: configurationStatuses.calicoNodeStatus }),
  operator('installations', 'Installation', operatorSpecs.installation, { status: operatorStatuses.installation }),
  operator('apiservers', 'APIServer', operatorSpecs.apiServer, { status: operatorStatuses.other }),
  operator('imagesets', 'ImageSet', operatorSpecs.imageSet),
  operator('tigerastatuses', 'TigeraStatus', operatorSpecs.tigeraStatus, {
    status: operatorStatuses.tigeraStatus,
    columns: [
      conditionColumn('Available', 'Whether the component runs and is stable.'),
      conditionColumn('Progressing', 'Whether the component is changing.'),
      conditionColumn('Degraded', 'Whether the component is degraded.'),
    ],
  }),
  operator('goldmanes', 'Goldmane', operatorSpecs.other, { status: operatorStatuses.other }),
  operator('whiskers', 'Whisker', operatorSpecs.other, { status: operatorStatuses.other }),
  operator('gatewayapis', 'GatewayAPI', operatorSpecs.other, { status: operatorStatuses.other }),
  operator('managementclusterconnections', 'ManagementClusterConnection', operatorSpecs.other, { status: operatorStatuses.other }),
];

/** The definitions, as they are created. */
export const calicoDefinitions: readonly KubeObject[] = calicoKinds.map(definitionOf);

function definitionOf({ group, plural, kind, isNamespaced: inNamespace, spec, status, columns }: CalicoKind): KubeObject {
  const schema = fields({ apiVersion: text, kind: text, metadata: { type: 'object' }, spec, ...(status === undefined ? {} : { status }) });
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    ...(status === undefined ? {} : { subresources: { status: {} } }),
    ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
  };
  const definition: KubeObject & { readonly spec: object } = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'addonmanager.kubernetes.io/mode': 'Reconcile' } },
    spec: {
      group,
      scope: inNamespace === true ? 'Namespaced' : 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      preserveUnknownFields: false,
      versions: [version],
    },
  };
  return definition;
}
