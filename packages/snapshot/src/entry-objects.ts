/** What lets connections into the cluster beside services: the fields of Ingress and of routes of the Gateway API and of OpenShift that say where to. */
import type { KubeObject } from '@weir/kube';
import { groupVersionOf } from './readable-objects.ts';

/** One way of an entry to a service. */
export interface EntryRoute {
  /** The names that it answers to; empty: any. */
  readonly hosts: readonly string[];
  readonly path?: string;
  /** The namespace of the service. */
  readonly namespace: string;
  readonly service: string;
  /** By number or name; absent where the object has none, and the service's only one is meant. */
  readonly port?: number | string;
}

interface IngressBackend {
  readonly service?: { readonly name?: string; readonly port?: { readonly number?: number; readonly name?: string } };
}

interface IngressObject extends KubeObject {
  readonly spec?: {
    readonly defaultBackend?: IngressBackend;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths?: readonly { readonly path?: string; readonly backend?: IngressBackend }[] };
    }[];
  };
}

interface GatewayRoute extends KubeObject {
  readonly spec?: {
    readonly hostnames?: readonly string[];
    readonly rules?: readonly {
      readonly matches?: readonly { readonly path?: { readonly value?: string } }[];
      readonly backendRefs?: readonly {
        readonly group?: string;
        readonly kind?: string;
        readonly namespace?: string;
        readonly name?: string;
        readonly port?: number;
      }[];
    }[];
  };
}

interface OpenShiftRoute extends KubeObject {
  readonly spec?: {
    readonly host?: string;
    readonly path?: string;
    readonly to?: { readonly kind?: string; readonly name?: string };
    readonly alternateBackends?: readonly { readonly kind?: string; readonly name?: string }[];
    readonly port?: { readonly targetPort?: number | string };
  };
}

/** Routes of the Gateway API that are written alike. */
const gatewayRoutes: readonly string[] = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'];

/** Whether connections come in through an object of this kind. */
export function isEntryObject(object: KubeObject): boolean {
  return readerOf(object) !== undefined;
}

/** The services that an object leads to. */
export function entryRoutes(object: KubeObject): readonly EntryRoute[] {
  return readerOf(object)?.(object) ?? [];
}

function readerOf(object: KubeObject): ((object: KubeObject) => EntryRoute[]) | undefined {
  const { group } = groupVersionOf(object);
  if (object.kind === 'Ingress' && group === 'networking.k8s.io') return ingressRoutes;
  if (gatewayRoutes.includes(object.kind ?? '') && group === 'gateway.networking.k8s.io') return gatewayRouteRoutes;
  return object.kind === 'Route' && group === 'route.openshift.io' ? openShiftRoutes : undefined;
}

function ingressRoutes({ metadata, spec }: IngressObject): EntryRoute[] {
  const { namespace = 'default' } = metadata;
  const route = (backend: IngressBackend | undefined, host: string | undefined, path?: string): EntryRoute[] => {
    const name = backend?.service?.name;
    if (name === undefined) return [];
    const port = backend?.service?.port?.number ?? backend?.service?.port?.name;
    return [
      {
        hosts: host === undefined ? [] : [host],
        ...(path === undefined ? {} : { path }),
        namespace,
        service: name,
        ...(port === undefined ? {} : { port }),
      },
    ];
  };
  const rules = (spec?.rules ?? []).flatMap(({ host, http }) =>
    (http?.paths ?? []).flatMap(({ path, backend }) => route(backend, host, path)),
  );
  return [...route(spec?.defaultBackend, undefined), ...rules];
}

function gatewayRouteRoutes({ metadata, spec }: GatewayRoute): EntryRoute[] {
  return (spec?.rules ?? []).flatMap(({ matches = [], backendRefs = [] }) => {
    const paths = [...new Set(matches.flatMap(({ path }) => path?.value ?? []))];
    return backendRefs.flatMap(
      ({ group = '', kind = 'Service', namespace = metadata.namespace ?? 'default', name, port }): EntryRoute[] => {
        if (name === undefined || kind !== 'Service' || group !== '') return [];
        return [
          {
            hosts: spec?.hostnames ?? [],
            ...(paths.length === 0 ? {} : { path: paths.join(', ') }),
            namespace,
            service: name,
            ...(port === undefined ? {} : { port }),
          },
        ];
      },
    );
  });
}

function openShiftRoutes({ metadata, spec }: OpenShiftRoute): EntryRoute[] {
  const { host, path, to, alternateBackends = [], port } = spec ?? {};
  return [to, ...alternateBackends].flatMap((backend): EntryRoute[] => {
    if (backend?.name === undefined || (backend.kind ?? 'Service') !== 'Service') return [];
    return [
      {
        hosts: host === undefined ? [] : [host],
        ...(path === undefined ? {} : { path }),
        namespace: metadata.namespace ?? 'default',
        service: backend.name,
        // The port that the pods have it on; the service has one of that name or number.
        ...(port?.targetPort === undefined ? {} : { port: port.targetPort }),
      },
    ];
  });
}
