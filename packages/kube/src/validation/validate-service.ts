/**
 * Validation of services (`pkg/apis/core/validation`, Kubernetes 1.35); whether an address or a node
 * port is free is the allocators' business.
 */
import { parseAddress, parseCidr } from '@weir/net';
import type { FieldError } from '../field-error.ts';
import { type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { dnsLabelProblems, dnsSubdomainProblems, portNameProblems, portNumberProblems } from '../selectors/name-formats.ts';
import { validateLabels } from '../selectors/validate-label-selector.ts';
import { checkImmutable, checkSupported, checkUnique, deepEqual, forbiddenField, required } from './field-rules.ts';
import { invalidValue, stringMap } from './validate-object-meta.ts';

/** Every error in a new service; takes a defaulted one. */
export function validateService(service: JsonObject): FieldError[] {
  const spec = objectAt(service, 'spec') ?? {};
  const type = textAt(spec, 'type');
  const headless = textAt(spec, 'clusterIP') === 'None';
  const errors: FieldError[] = [];
  if (objectsAt(spec, 'ports').length === 0 && !headless && type !== 'ExternalName') errors.push(required('spec.ports'));
  if (headless && (type === 'NodePort' || type === 'LoadBalancer')) {
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type === 'ExternalName') errors.push(...validateExternalName(spec));
  errors.push(...checkSupported('spec.type', spec['type'], ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  errors.push(...checkSupported('spec.sessionAffinity', spec['sessionAffinity'], ['ClientIP', 'None']));
  errors.push(...checkSupported('spec.ipFamilyPolicy', spec['ipFamilyPolicy'], ['SingleStack', 'PreferDualStack', 'RequireDualStack']));
  errors.push(...checkSupported('spec.internalTrafficPolicy', spec['internalTrafficPolicy'], ['Cluster', 'Local']));
  errors.push(...checkSupported('spec.externalTrafficPolicy', spec['externalTrafficPolicy'], ['Cluster', 'Local']));
  errors.push(...validatePorts(objectsAt(spec, 'ports'), headless));
  errors.push(...validateLabels(stringMap(spec, 'selector'), 'spec.selector'));
  errors.push(...validateFamilies(spec), ...validateAddresses(spec), ...validateOutside(spec), ...validateAffinity(spec));
  return errors;
}

/** Every error of a change. */
export function validateServiceUpdate(service: JsonObject, old: JsonObject): FieldError[] {
  const errors = validateService(service);
  const spec = objectAt(service, 'spec') ?? {};
  const before = objectAt(old, 'spec') ?? {};
  if (textAt(spec, 'type') === 'ExternalName' || textAt(before, 'type') === 'ExternalName') return errors;
  const primary = (part: JsonObject): unknown => listAt(part, 'clusterIPs')[0] ?? part['clusterIP'];
  if (!deepEqual(primary(spec), primary(before))) {
    errors.push(invalidValue('spec.clusterIPs[0]', listAt(spec, 'clusterIPs'), 'may not change once set'));
  }
  if (textAt(spec, 'type') === 'LoadBalancer' && textAt(before, 'type') === 'LoadBalancer') {
    errors.push(...checkImmutable('spec.loadBalancerClass', spec['loadBalancerClass'], before['loadBalancerClass']));
  }
  return errors;
}

/** What only services have that are reached from outside, or through a load balancer. */
function validateOutside(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const type = textAt(spec, 'type');
  const policy = textAt(spec, 'externalTrafficPolicy');
  const isBalanced = type === 'LoadBalancer';
  const isOutside = isBalanced || type === 'NodePort' || (type === 'ClusterIP' && listAt(spec, 'externalIPs').length > 0);
  if (policy !== '' && !isOutside) {
    errors.push(invalidValue('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'));
  }
  const healthPort = numberAt(spec, 'healthCheckNodePort') ?? 0;
  if (healthPort !== 0 && !(isBalanced && policy === 'Local')) {
    const message = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue('spec.healthCheckNodePort', healthPort, message));
  }
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass', 'loadBalancerSourceRanges']) {
    const value = spec[field];
    if (isBalanced || value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    errors.push(forbiddenField(`spec.${field}`, "may only be used when `type` is 'LoadBalancer'"));
  }
  for (const [i, block] of listAt(spec, 'loadBalancerSourceRanges').entries()) {
    if (typeof block === 'string' && parseCidr(block.trim()) !== undefined) continue;
    const message = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    errors.push(invalidValue(`spec.loadBalancerSourceRanges[${i}]`, block, message));
  }
  errors.push(
    ...checkSupported('spec.trafficDistribution', spec['trafficDistribution'], ['PreferClose', 'PreferSameNode', 'PreferSameZone']),
  );
  return errors;
}

/** A day at most. */
const affinitySecondsMax = 86_400;

function validateAffinity(spec: JsonObject): FieldError[] {
  if (spec['sessionAffinity'] !== 'ClientIP') return [];
  const seconds = numberAt(objectAt(objectAt(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds') ?? 0;
  if (seconds > 0 && seconds <= affinitySecondsMax) return [];
  const message = `must be greater than 0 and less than ${affinitySecondsMax}`;
  return [invalidValue('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, message)];
}

function validateExternalName(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  if (textAt(spec, 'clusterIP') !== '') errors.push(forbiddenField('spec.clusterIPs', 'may not be set for ExternalName services'));
  const name = textAt(spec, 'externalName').replace(/\.$/, '');
  if (name === '') errors.push(required('spec.externalName'));
  else errors.push(...dnsSubdomainProblems(name).map((message) => invalidValue('spec.externalName', name, message)));
  return errors;
}

function validatePorts(ports: readonly JsonObject[], headless: boolean): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, port] of ports.entries()) {
    const at = `spec.ports[${i}]`;
    const name = textAt(port, 'name');
    if (ports.length > 1 && name === '') errors.push(required(`${at}.name`));
    if (name !== '') errors.push(...dnsLabelProblems(name).map((message) => invalidValue(`${at}.name`, name, message)));
    const number = numberAt(port, 'port') ?? 0;
    errors.push(...portNumberProblems(number).map((message) => invalidValue(`${at}.port`, number, message)));
    errors.push(...checkSupported(`${at}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']));
    errors.push(...validateTargetPort(port, `${at}.targetPort`));
    if (headless && (numberAt(port, 'nodePort') ?? 0) !== 0) {
      errors.push(forbiddenField(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  errors.push(
    ...checkUnique(
      ports.map((port) => port['name']),
      (i) => `spec.ports[${i}].name`,
    ),
  );
  const sockets = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const socket = `${String(port['protocol'])}/${String(port['port'])}`;
    if (sockets.has(socket)) {
      const value = { protocol: port['protocol'], port: port['port'] };
      errors.push({ reason: 'FieldValueDuplicate', field: `spec.ports[${i}]`, value, message: '' });
    }
    sockets.add(socket);
  }
  return errors;
}

function validateTargetPort(port: JsonObject, at: string): FieldError[] {
  const target = port['targetPort'];
  if (typeof target === 'number') return portNumberProblems(target).map((message) => invalidValue(at, target, message));
  return typeof target === 'string' ? portNameProblems(target).map((message) => invalidValue(at, target, message)) : [];
}

function validateFamilies(spec: JsonObject): FieldError[] {
  const families = listAt(spec, 'ipFamilies');
  const errors = families.flatMap((family, i) => checkSupported(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']));
  errors.push(...checkUnique(families, (i) => `spec.ipFamilies[${i}]`));
  return errors;
}

function validateAddresses(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const addresses = listAt(spec, 'clusterIPs');
  const first = textAt(spec, 'clusterIP');
  if (addresses.length > 0 && first !== addresses[0]) {
    errors.push(invalidValue('spec.clusterIPs', addresses, 'first value must match `clusterIP`'));
  }
  for (const [i, address] of addresses.entries()) {
    if (address === 'None' && i === 0) continue;
    if (typeof address !== 'string' || parseAddress(address) === undefined) {
      errors.push(invalidValue(`spec.clusterIPs[${i}]`, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
    }
  }
  for (const [i, address] of listAt(spec, 'externalIPs').entries()) {
    if (typeof address !== 'string' || parseAddress(address) === undefined) {
      errors.push(invalidValue(`spec.externalIPs[${i}]`, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
    }
  }
  return errors;
}
