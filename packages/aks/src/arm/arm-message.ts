/** Requests and answers as handlers see them. */
import type { JsonObject } from '@weir/kube';
import type { PathParameters } from './route-table.ts';

/** A request that has passed authentication. */
export interface ArmRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: PathParameters;
  readonly query: URLSearchParams;
  /** `https://host:port` of this server: what links in answers begin with. */
  readonly base: string;
  /** The `api-version` of the query; '' where none is needed. */
  readonly apiVersion: string;
  /** Who asks: the application's id. */
  readonly principal: string;
  /** The parsed body; an empty object when there was none. */
  readonly body: JsonObject;
  /** The body as it came, for what is no JSON. */
  readonly text: string;
}

/** An answer. */
export interface ArmResponse {
  readonly status: number;
  /** JSON; absent for none. */
  readonly body?: unknown;
  /** Instead of JSON. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one route; throws {@link ArmError} to refuse. */
export type ArmHandler = (request: ArmRequest) => ArmResponse | Promise<ArmResponse>;

/** How a route is reached. */
export interface ArmRoute {
  readonly handle: ArmHandler;
  /** Whether it answers without a token: what is needed to get one. */
  readonly open: boolean;
  /** Which api-versions it takes; undefined: any, also none. */
  readonly versions?: ApiVersions;
}

/** A range of api-versions. */
export interface ApiVersions {
  /** E.g. `Microsoft.ContainerService` and `managedClusters`, for the refusal. */
  readonly namespace: string;
  readonly type: string;
  readonly first: string;
  readonly last: string;
}

/** 200 with a body. */
export function ok(body: unknown): ArmResponse {
  return { status: 200, body };
}
