/** One cluster in a group of its own, and what is asked of it. */
import { expect } from 'vitest';
import type { ArmAnswer, ArmEndpoint } from './arm-endpoint.ts';
import { type BodyChanges, clusterBody } from './cluster-bodies.ts';

let count = 0;

/** A cluster's place; the cluster is there after {@link ClusterScene.create}. */
export class ClusterScene {
  readonly name: string;
  readonly group: string;
  /** Below the subscription. */
  readonly path: string;
  readonly #endpoint: ArmEndpoint;

  private constructor(endpoint: ArmEndpoint) {
    count += 1;
    this.#endpoint = endpoint;
    this.name = `c${count}`;
    this.group = `/resourceGroups/rg${count}`;
    this.path = `${this.group}/providers/Microsoft.ContainerService/managedClusters/${this.name}`;
  }

  /** Makes the group. */
  static async open(endpoint: ArmEndpoint): Promise<ClusterScene> {
    const scene = new ClusterScene(endpoint);
    await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
    await endpoint.ask('PUT', scene.group, { location: 'canadaeast' });
    return scene;
  }

  /** Makes the cluster and waits for it. */
  async create(changes: BodyChanges = {}): Promise<ArmAnswer> {
    const answer = await this.ask('PUT', '', clusterBody(changes));
    expect(answer.status, answer.text).toBe(201);
    expect(await this.ended(answer)).toBe('Succeeded');
    return answer;
  }

  /** Asks something of the cluster; `below` begins with a slash, or is empty. */
  ask(method: string, below: string, body?: unknown, version?: string): Promise<ArmAnswer> {
    return this.#endpoint.ask(method, `${this.path}${below}`, body, version);
  }

  /** Reads the cluster, changes some properties and sends all of it back, as az does. */
  async update(properties: object, version?: string): Promise<ArmAnswer> {
    const { json } = await this.ask('GET', '', undefined, version);
    return this.ask('PUT', '', { ...json, properties: { ...(json['properties'] as object), ...properties } }, version);
  }

  /** How the operation of an answer has ended. */
  async ended(answer: ArmAnswer): Promise<unknown> {
    expect(answer.headers['azure-asyncoperation'], answer.text).toBeDefined();
    return (await this.#endpoint.finished(answer)).json['status'];
  }

  /** Changes that must come to a good end. */
  async done(answer: Promise<ArmAnswer>): Promise<ArmAnswer> {
    const given = await answer;
    expect(await this.ended(given), given.text).toBe('Succeeded');
    return given;
  }

  async properties(): Promise<Record<string, unknown>> {
    return (await this.ask('GET', '')).json['properties'] as Record<string, unknown>;
  }

  async pool(name: string): Promise<Record<string, unknown>> {
    return (await this.ask('GET', `/agentPools/${name}`)).json['properties'] as Record<string, unknown>;
  }

  /** What the host was asked for it, in order. */
  asked(): readonly string[] {
    return this.#endpoint.host.asked.filter((text) => text.split(' ')[1] === this.name).map((text) => text.replace(`${this.name} `, ''));
  }
}
