/**
 * The OpenAPI v3 document of one group-version: paths with the operations that clients look for, and the schemas.
 *
 * PATCH operations carry `fieldValidation` (kubectl then leaves validation to the server) and no request body:
 * kubectl computes its patches from its own types, which is what it does for built-in kinds anyway.
 */
import type { ResourceDefinition, ResourceVerb } from '@weir/kube';
import { componentSchemas } from './openapi-schemas.ts';

type Operation = Readonly<Record<string, unknown>>;

interface Method {
  readonly method: string;
  readonly verb: ResourceVerb;
  readonly action: string;
  readonly parameters: readonly string[];
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];

const collectionMethods: readonly Method[] = [
  {
    method: 'get',
    verb: 'list',
    action: 'list',
    parameters: ['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'watch'],
  },
  { method: 'post', verb: 'create', action: 'post', parameters: writeParameters },
  { method: 'delete', verb: 'deletecollection', action: 'deletecollection', parameters: ['labelSelector', 'fieldSelector', 'dryRun'] },
];

const objectMethods: readonly Method[] = [
  { method: 'get', verb: 'get', action: 'get', parameters: [] },
  { method: 'put', verb: 'update', action: 'put', parameters: writeParameters },
  { method: 'patch', verb: 'patch', action: 'patch', parameters: [...writeParameters, 'force'] },
  { method: 'delete', verb: 'delete', action: 'delete', parameters: ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'] },
];

/** The document of `definitions`, which are all of one group-version served at `basePath` (`/api/v1`, `/apis/G/V`). */
export function openApiDocument(basePath: string, definitions: readonly ResourceDefinition[]): unknown {
  const paths: Record<string, Readonly<Record<string, Operation>>> = {};
  for (const definition of definitions) {
    const scope = definition.namespaced ? '/namespaces/{namespace}' : '';
    const collection = `${basePath}${scope}/${definition.plural}`;
    if (definition.namespaced && definition.verbs.includes('list')) {
      paths[`${basePath}/${definition.plural}`] = operations(definition, collectionMethods.slice(0, 1), 'ForAllNamespaces');
    }
    paths[collection] = operations(definition, collectionMethods, '');
    paths[`${collection}/{name}`] = operations(definition, objectMethods, '');
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'weir' },
    paths: Object.fromEntries(Object.entries(paths).filter(([, methods]) => Object.keys(methods).length > 0)),
    components: { schemas: componentSchemas(definitions) },
  };
}

function operations(definition: ResourceDefinition, methods: readonly Method[], suffix: string): Readonly<Record<string, Operation>> {
  const served = methods.filter(({ verb }) => definition.verbs.includes(verb));
  return Object.fromEntries(served.map((method) => [method.method, operation(definition, method, suffix)]));
}

function operation(definition: ResourceDefinition, method: Method, suffix: string): Operation {
  const { group, version, kind, namespaced } = definition;
  const scope = namespaced && suffix === '' ? 'Namespaced' : '';
  return {
    operationId: `${method.verb}${scope}${kind}${suffix}`,
    parameters: method.parameters.map((name) => ({ name, in: 'query', schema: { type: parameterType(name) } })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': method.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

function parameterType(name: string): string {
  if (name === 'limit' || name === 'gracePeriodSeconds') return 'integer';
  return name === 'watch' || name === 'force' ? 'boolean' : 'string';
}
